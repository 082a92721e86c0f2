/** For tests: the command line as a process would run it. */
import { runCli } from './cli.ts'

export type Run = { readonly code: number; readonly out: string; readonly err: string }

/**
 * @property agentCode what the `agent` command ends with; what it was given is printed
 * @property interruptAfter Ctrl-C once this text is on stdout
 * @property closeAfter the reader of stdout goes once it has this text
 */
type Surroundings = {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly agentCode?: number
  readonly interruptAfter?: string
  readonly closeAfter?: string
}

export async function runTortie(argv: readonly string[], surroundings: Surroundings = {}): Promise<Run> {
  const { env = {}, stdin = '', agentCode = 0, interruptAfter, closeAfter } = surroundings
  let out = ''
  let err = ''
  let interrupt: (() => void) | undefined
  const readers: ((error: Error) => void)[] = []
  const write = (text: string) => {
    out += text
    if (interruptAfter !== undefined && out.includes(interruptAfter)) interrupt?.()
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    if (closeAfter !== undefined && out.includes(closeAfter)) for (const tell of readers) tell(gone)
  }
  const io = {
    stdin: (async function* () {
      yield Buffer.from(stdin)
    })(),
    stdout: { write, on: (_event: 'error', listener: (error: Error) => void) => readers.push(listener) },
    stderr: { write: (text: string) => (err += text) },
    onInterrupt: (listener: () => void) => (interrupt = listener),
    env,
  }
  const agent = async (given: object) => {
    out += JSON.stringify(given)
    return agentCode
  }
  return { code: await runCli(argv, io, { agent }), out, err }
}

/** Command lines, split at spaces, that talk to the API on this socket. */
export function tortieAt(socket: string): (line: string, stdin?: string) => Promise<Run> {
  const env = { TORTIE_SERVER: `unix:${socket}` }
  return (line, stdin = '') => runTortie(line.split(' '), { env, stdin })
}

/** With fixed words for what changes from run to run. */
export function fixed(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID')
}
