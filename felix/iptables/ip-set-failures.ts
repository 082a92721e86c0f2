import type { Logger } from 'pino'
import type { ObjectStatus } from '../kernel.ts'

/** The sets that could not be brought to what is wanted, and why. */
export class IpSetFailures {
  readonly #log: Pick<Logger, 'info' | 'warn'>
  readonly #broken = new Map<string, string>()
  #unwritten: ReadonlyMap<string, string> = new Map()
  /** The reasons that were logged last. */
  #told = ''

  constructor(log: Pick<Logger, 'info' | 'warn'>) {
    this.#log = log
  }

  /** Sets that the kernel does not hold as wanted because it refused one of their lines, with the reason. */
  get broken(): ReadonlyMap<string, string> {
    return this.#broken
  }

  /** What the kernel said of one set; undefined: it took all of it. */
  setBroken(name: string, reason: string | undefined): void {
    if (reason === undefined) this.#broken.delete(name)
    else this.#broken.set(name, reason)
  }

  clearBroken(): void {
    this.#broken.clear()
  }

  *names(): Generator<string, void, undefined> {
    yield* this.#unwritten.keys()
    yield* this.#broken.keys()
  }

  /** Undefined: nothing is amiss with it. */
  statusOf(name: string): ObjectStatus | undefined {
    const broken = this.#broken.get(name)
    if (broken !== undefined) return { state: 'failed', reason: broken, closed: true }
    const reason = this.#unwritten.get(name)
    return reason === undefined ? undefined : { state: 'failed', reason }
  }

  /**
   * After each try. Logged when failures begin, when their reasons change, and when they are over.
   * @param unwritten why all is refused, or nothing can be read, by set: they take the place of those of the last try
   */
  note(unwritten: ReadonlyMap<string, string>): void {
    const told = this.#told
    this.#unwritten = unwritten
    this.#told = [...new Set([...this.#broken.values(), ...unwritten.values()])].toSorted().join()
    if (this.#told === told) return
    if (this.#told === '') this.#log.info('IP sets are programmed again')
    else this.#log.warn({ failures: firstOf([...this.#broken, ...unwritten]) }, 'IP sets not programmed; trying again')
  }
}

function firstOf(failures: readonly (readonly [string, string])[]): object {
  return Object.fromEntries(failures.slice(0, 20))
}
