/** The last lines of the agent's own log, kept for `GET /v1/events`: bounded in number and length, and already without secrets. */
import type { AgentEvent } from './http/agent-face.ts'

export const eventLimits = { lines: 1_000, characters: 8_192 }

/** Numbers of pino. */
const levels: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' }

export class EventLog {
  readonly #limits: typeof eventLimits
  /** JSON lines as pino wrote them: who asks pays for reading them. */
  readonly #lines: string[] = []
  #next = 0

  constructor(limits: typeof eventLimits = eventLimits) {
    this.#limits = limits
  }

  add(line: string): void {
    this.#lines[this.#next] = line.length > this.#limits.characters ? shortened(line) : line
    this.#next = (this.#next + 1) % this.#limits.lines
  }

  /** The last `limit`, oldest first. */
  last(limit: number): readonly AgentEvent[] {
    const ordered =
      this.#lines.length < this.#limits.lines ? this.#lines : [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)]
    return ordered.slice(-limit).map(eventOf)
  }
}

/** Who logs a whole table still gets a line; its fields are named and left out. */
function shortened(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line)
  return JSON.stringify({ level, time, msg: String(msg).slice(0, 1_024), tooLong: Object.keys(fields).join(', ').slice(0, 1_024) })
}

function eventOf(line: string): AgentEvent {
  const { level, time, msg, ...fields } = JSON.parse(line)
  return { time, level: levels[level] ?? String(level), message: msg ?? '', fields }
}
