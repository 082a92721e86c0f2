import { type DestinationStream, type Logger, pino } from 'pino'
import type { EventLog } from './event-log.ts'
import { withoutSecrets } from './without-secrets.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** @property setLevel what goes to stdout from now on; a child of the log that exists already makes the lines it made */
export type AgentLog = { readonly log: Logger; readonly setLevel: (level: LogLevel) => void }

/**
 * JSON lines on stdout; readable ones when stdout is a terminal. Passwords and tokens never appear, whoever logs their object.
 * @param level of what goes to stdout; `events` is told everything from info on whatever it is
 */
export async function createLog(level: LogLevel, events: Pick<EventLog, 'add'>): Promise<AgentLog> {
  return logTo(await openStdout(), level, events)
}

/** @param out gets the lines of `level` and above */
export function logTo(out: DestinationStream, level: LogLevel, events: Pick<EventLog, 'add'>): AgentLog {
  let shown = severityOf(level)
  const kept = severityOf('info')
  const options = {
    level: lowest(level),
    base: null,
    formatters: { log: (fields: Record<string, unknown>) => withoutSecrets(fields) },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  const tee: DestinationStream & { lastLevel: number } = {
    lastLevel: 0, // set by pino before each write
    write(line) {
      if (tee.lastLevel >= kept) events.add(line)
      if (tee.lastLevel >= shown) out.write(line)
    },
  }
  const log = pino(options, Object.assign(tee, { [Symbol.for('pino.metadata')]: true }))
  const setLevel = (level: LogLevel) => {
    shown = severityOf(level)
    log.level = lowest(level)
  }
  return { log, setLevel }
}

function severityOf(level: LogLevel): number {
  return pino.levels.values[level] ?? Number.POSITIVE_INFINITY
}

/** What is made into a line at all. */
function lowest(level: LogLevel): LogLevel {
  return severityOf(level) < severityOf('info') ? level : 'info'
}

async function openStdout(): Promise<DestinationStream> {
  if (!process.stdout.isTTY) return pino.destination({ dest: 1, sync: true })
  const { default: pretty } = await import('pino-pretty')
  return pretty({ colorize: true, sync: true, translateTime: 'SYS:HH:MM:ss.l' })
}
