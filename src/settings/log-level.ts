import type { LogLevel } from '../log.ts'

const levels = { Trace: 'trace', Debug: 'debug', Info: 'info', Warning: 'warn', Error: 'error', Fatal: 'fatal' } as const

/** The logger's word for a `logSeverityScreen`. */
export function logLevelOf(severity: keyof typeof levels | undefined): LogLevel | undefined {
  return severity && levels[severity]
}
