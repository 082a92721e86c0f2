import { type DestinationStream, type Logger, pino } from 'pino'
import type { EventLog } from './event-log.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/**
 * JSON lines on stdout; readable ones when stdout is a terminal. Passwords and tokens never appear, whoever logs their object.
 * @param level of what goes to stdout; `events` is told everything from info on whatever it is
 */
export async function createLog(level: LogLevel, events: Pick<EventLog, 'add'>): Promise<Logger> {
  return logTo(await openStdout(), level, events)
}

/** @param out gets the lines of `level` and above */
export function logTo(out: DestinationStream, level: LogLevel, events: Pick<EventLog, 'add'>): Logger {
  const shown = pino.levels.values[level] ?? Number.POSITIVE_INFINITY
  const kept = pino.levels.values.info ?? 0
  const options = {
    level: shown < kept ? level : 'info',
    base: null,
    redact: ['*.password', 'password', '*.token', 'token'],
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  const tee: DestinationStream & { lastLevel: number } = {
    lastLevel: 0, // set by pino before each write
    write(line) {
      if (tee.lastLevel >= kept) events.add(line)
      if (tee.lastLevel >= shown) out.write(line)
    },
  }
  return pino(options, Object.assign(tee, { [Symbol.for('pino.metadata')]: true }))
}

async function openStdout(): Promise<DestinationStream> {
  if (!process.stdout.isTTY) return pino.destination({ dest: 1, sync: true })
  const { default: pretty } = await import('pino-pretty')
  return pretty({ colorize: true, sync: true, translateTime: 'SYS:HH:MM:ss.l' })
}
