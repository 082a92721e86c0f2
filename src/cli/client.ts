/** One request to the agent's API, over its Unix socket or TCP. */
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { CliFailure, misused, refused } from './failure.ts'

export const defaultServer = 'unix:/run/tortie/api.sock'

/** Where the agent answers, as `--server` says it: "unix:PATH" or "http://host:port". */
export type Server = { readonly text: string; readonly connection: Pick<RequestOptions, 'socketPath' | 'host' | 'port'> }

export type Call = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** YAML text. */
  readonly body?: string
  /** How long the answer may take to begin. */
  readonly timeoutSec?: number
}

export type Reply = { readonly status: number; readonly body: unknown }

const defaultTimeoutSec = 30

/** @throws CliFailure (usage) if it is neither form */
export function parseServer(text: string): Server {
  if (text.startsWith('unix:') && text.length > 'unix:'.length)
    return { text, connection: { socketPath: text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '') } }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' || url.pathname !== '/')
    throw misused(`--server ${text} is not understood: use unix:PATH or http://HOST:PORT`)
  return { text, connection: { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 80 : Number(url.port) } }
}

/** @throws CliFailure with what to do if no agent answers */
export async function call(server: Server, { method, path, body, timeoutSec = defaultTimeoutSec }: Call): Promise<Reply> {
  const headers = body === undefined ? {} : { 'content-type': 'application/yaml', 'content-length': Buffer.byteLength(body) }
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const outgoing = request({ ...server.connection, method, path, headers, agent: false, timeout: timeoutSec * 1_000 }, (response) => {
    readReply(server, response).then(resolve, reject)
  })
  outgoing.on('timeout', () =>
    outgoing.destroy(refused(`the agent at ${server.text} does not answer within ${timeoutSec} s: is it busy or stopped?`)),
  )
  outgoing.on('error', (error) => reject(error instanceof CliFailure ? error : unreachable(server, error)))
  outgoing.end(body)
  return await promise
}

async function readReply(server: Server, response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  try {
    return { status: response.statusCode ?? 0, body: JSON.parse(text) }
  } catch (error) {
    throw refused(`what answers at ${server.text} is not Tortie: check --server`, { cause: error })
  }
}

function unreachable(server: Server, error: Error): CliFailure {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return refused(`no agent answers at ${server.text}: start it with "tortie agent", or name another with --server`, { cause: error })
  if (code === 'EACCES') return refused(`no permission for ${server.text}: run as root or join the group of the socket`, { cause: error })
  return refused(`cannot talk to ${server.text}: ${error.message}: check --server`, { cause: error })
}
