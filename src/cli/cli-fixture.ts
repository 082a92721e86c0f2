/** For tests: the command line as a process would run it. */
import { runCli } from './cli.ts'

export type Run = { readonly code: number; readonly out: string; readonly err: string }

type Surroundings = { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string; readonly agentCode?: number }

/** @param agentCode what the `agent` command ends with; what it was given is printed */
export async function runTortie(argv: readonly string[], { env = {}, stdin = '', agentCode = 0 }: Surroundings = {}): Promise<Run> {
  let out = ''
  let err = ''
  const io = {
    stdin: (async function* () {
      yield Buffer.from(stdin)
    })(),
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
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
