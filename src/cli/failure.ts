/** Why a command ends with another status than 0: one line on stderr, with a hint; what would control a terminal is shown as "?". */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  /** 1: refused or failed. 2: usage. */
  readonly exitCode: 1 | 2

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message.replaceAll(/\s*\n\s*/g, ' ').replaceAll(/\p{Cc}/gu, '?'), options)
    this.exitCode = exitCode
  }
}

export function refused(message: string, options?: ErrorOptions): CliFailure {
  return new CliFailure(1, message, options)
}

export function misused(message: string, options?: ErrorOptions): CliFailure {
  return new CliFailure(2, message, options)
}

/** Ctrl-C ended a command that would have gone on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
