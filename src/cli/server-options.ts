/** `--server` and what proves to it who asks: options of every client command, and their variables. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Credentials, connectionTo, defaultServer, type Server } from './client.ts'
import { misused } from './failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

type Given = {
  readonly server: string
  readonly tokenFile?: string
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

/** Adds the options; the action is given `server` as a `Server`, with the files read. TORTIE_TOKEN holds the token itself. */
export function serverOptions(command: Command, env: Environment): Command {
  return command
    .optionsGroup('Connection:')
    .option('--server <address>', 'the agent: unix:PATH, https://HOST:PORT or http://HOST:PORT', env.TORTIE_SERVER || defaultServer)
    .option('--token-file <file>', 'file with the bearer token (default: $TORTIE_TOKEN)', env.TORTIE_TOKEN_FILE || undefined)
    .option('--ca-file <file>', 'authorities that the agent is checked against, PEM', env.TORTIE_CA_FILE || undefined)
    .option('--cert-file <file>', 'client certificate, PEM', env.TORTIE_CERT_FILE || undefined)
    .option('--key-file <file>', 'its private key, PEM', env.TORTIE_KEY_FILE || undefined)
    .hook('preAction', (_program, action) => {
      action.setOptionValue('server', serverOf(action.opts<Given>(), env))
    })
}

/** @throws CliFailure (usage) for a file that cannot be read, or a combination that makes no sense */
export function serverOf({ server, tokenFile, caFile, certFile, keyFile }: Given, env: Environment): Server {
  if ((certFile === undefined) !== (keyFile === undefined)) throw misused('--cert-file and --key-file belong together: give both')
  const token = tokenFile === undefined ? env.TORTIE_TOKEN || undefined : read('--token-file', tokenFile).trim()
  const credentials: Credentials = {
    ...(token !== undefined && { token }),
    ...(caFile !== undefined && { ca: read('--ca-file', caFile) }),
    ...(certFile !== undefined && { cert: read('--cert-file', certFile) }),
    ...(keyFile !== undefined && { key: read('--key-file', keyFile) }),
  }
  return connectionTo(server, credentials)
}

function read(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw misused(`${option} ${file} cannot be read (${code}): name a file that you may read`, { cause: error })
  }
}
