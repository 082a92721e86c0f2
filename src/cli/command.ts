/** What every client command is given, and how it says what went wrong. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Call, call, type Reply, type Server } from './client.ts'
import { refused } from './failure.ts'

/** What a command touches of its process. */
export type Io = {
  readonly stdin: AsyncIterable<Buffer | string>
  readonly stdout: { write(text: string): unknown; on?(event: 'error', listener: (error: Error) => void): unknown }
  readonly stderr: { write(text: string): unknown }
  /** Calls back at Ctrl-C, which does not end the process then. */
  readonly onInterrupt?: (listener: () => void) => void
  readonly env: Readonly<Record<string, string | undefined>>
}

export type Output = 'table' | 'yaml' | 'json'

/** RFC 9457 as the agent sends it. */
export type ApiProblem = {
  readonly title?: string
  readonly detail?: string
  readonly errors?: readonly { readonly path: string; readonly reason: string; readonly line?: number; readonly document?: number }[]
}

/** A client command: src/cli/program.ts adds `--server` and its credentials, and its action is given `server` as a `Server`. */
export function clientCommand(name: string, description: string): Command {
  return new Command(name).description(description)
}

/** `-o`; table is for people, json is stable. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to show it').choices(['table', 'yaml', 'json']).default('table')
}

/** @throws CliFailure for every answer that is no success, in one line */
export async function ask(server: Server, request: Call): Promise<unknown> {
  const reply = await call(server, request)
  if (reply.status < 400) return reply.body
  throw refused(problemLine(reply))
}

/** @param place where an error is, for people; by default what the API says */
export function problemLine({ status, body }: Reply, place: (error: { line?: number; document?: number }) => string = () => ''): string {
  const { title = `status ${status}`, detail = '', errors = [] } = (body ?? {}) as ApiProblem
  const details = errors.map(({ path, reason, ...where }) => [place(where), path, reason].filter((part) => part !== '').join(': '))
  const hint = status === 401 ? ': give --token-file, or --cert-file and --key-file' : ''
  return `${title.toLowerCase()}: ${details.length > 0 ? details.join('; ') : detail}${hint}`
}

/** What `-o json` and `-o yaml` print; undefined for table. */
export async function formatted(output: Output, value: unknown): Promise<string | undefined> {
  if (output === 'json') return JSON.stringify(value, undefined, 2)
  if (output === 'table') return undefined
  const { stringify } = await import('yaml')
  return stringify(value).trimEnd()
}

/** Seconds of `--wait`, 1 to 300. */
export function parseWait(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= 300) return Number(text)
  throw new InvalidArgumentError('It has to be 1 to 300 seconds.')
}
