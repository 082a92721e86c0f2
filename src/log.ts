import { type Logger, pino } from 'pino'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** JSON lines on stdout; readable ones when stdout is a terminal. Passwords and tokens never appear, whoever logs their object. */
export async function createLog(level: LogLevel): Promise<Logger> {
  const options = { level, base: null, redact: ['*.password', 'password', '*.token', 'token'], timestamp: pino.stdTimeFunctions.isoTime }
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }))
  const { default: pretty } = await import('pino-pretty')
  return pino(options, pretty({ colorize: true, sync: true, translateTime: 'SYS:HH:MM:ss.l' }))
}
