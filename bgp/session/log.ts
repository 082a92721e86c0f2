/** The part of a pino logger that the speaker uses: fields first, then a fixed sentence. */
export type Log = {
  debug(fields: object, sentence: string): void
  info(fields: object, sentence: string): void
  warn(fields: object, sentence: string): void
  error(fields: object, sentence: string): void
}
