/** One request to the agent's API, over its Unix socket, TCP or TLS. */
import { type IncomingMessage, request } from 'node:http'
import type { RequestOptions } from 'node:https'
import { CliFailure, misused, refused } from './failure.ts'

export const defaultServer = 'unix:/run/tortie/api.sock'

/** Where the agent answers: "unix:PATH", "https://host:port" or "http://host:port", with what every request to it carries. */
export type Server = {
  readonly text: string
  readonly secure: boolean
  readonly connection: Pick<RequestOptions, 'socketPath' | 'host' | 'port' | 'ca' | 'cert' | 'key'>
  readonly headers: Readonly<Record<string, string>>
}

/** Texts, PEM but for the token. */
export type Credentials = { readonly token?: string; readonly ca?: string; readonly cert?: string; readonly key?: string }

export type Call = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: string
  /** Of the body; default yaml. */
  readonly format?: 'json' | 'yaml'
  /** How long the answer may take to begin, and be silent before its end. */
  readonly timeoutSec?: number
  /** Once it has begun, the answer may be silent for as long as it likes. */
  readonly isStream?: boolean
  /** Ends the request, and an answer that is still coming. */
  readonly signal?: AbortSignal
}

export type Reply = { readonly status: number; readonly body: unknown }

const defaultTimeoutSec = 30

/**
 * The socket needs no credentials and gets none.
 * @throws CliFailure (usage) if the text is none of the forms, or a token would cross the network readable
 */
export function connectionTo(text: string, { token, ...tls }: Credentials = {}): Server {
  if (text.startsWith('unix:') && text.length > 'unix:'.length)
    return { text, secure: false, connection: { socketPath: text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '') }, headers: {} }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const secure = url?.protocol === 'https:'
  if (url === undefined || !(secure || url.protocol === 'http:') || url.pathname !== '/' || url.username !== '')
    throw misused(`--server ${text.replace(/\/\/.*@/, '//…@')} is not understood: use unix:PATH, https://HOST:PORT or http://HOST:PORT`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (token !== undefined && !secure && !isThisMachine(host))
    throw misused(`a token is not sent to ${text}, where everybody on the way could read it: use https`)
  return {
    text,
    secure,
    connection: { host, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port), ...(secure && tls) },
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  }
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** @throws CliFailure with what to do if no agent answers */
export async function call(server: Server, request: Call): Promise<Reply> {
  return await readReply(server, await open(server, request))
}

/**
 * The answer as it begins; whoever asked reads its body, which takes the time it takes.
 * @throws CliFailure with what to do if no agent answers
 */
export async function open(
  server: Server,
  { method, path, body, format = 'yaml', timeoutSec = defaultTimeoutSec, isStream = false, signal }: Call,
): Promise<IncomingMessage> {
  const content = body === undefined ? {} : { 'content-type': `application/${format}`, 'content-length': Buffer.byteLength(body) }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const make = server.secure ? (await import('node:https')).request : request
  const headers = { ...server.headers, ...content }
  try {
    const timeout = timeoutSec * 1_000
    const options = { ...server.connection, method, path, headers, agent: false, timeout, ...(signal && { signal }) }
    const outgoing = make(options, (response) => {
      if (isStream) outgoing.setTimeout(0)
      resolve(response)
    })
    outgoing.on('timeout', () =>
      outgoing.destroy(refused(`the agent at ${server.text} does not answer within ${timeoutSec} s: is it busy or stopped?`)),
    )
    outgoing.on('error', (error) => reject(error instanceof CliFailure ? error : unreachable(server, error)))
    outgoing.end(body)
  } catch (error) {
    throw unusable(error)
  }
  return await promise
}

/** Certificates, keys and tokens are looked at when the request is made. */
function unusable(error: unknown): CliFailure {
  const { message, code = '' } = error as { readonly message: string; readonly code?: string }
  if (code === 'ERR_INVALID_CHAR') return misused('the token holds characters that no header can carry: is it the right file?')
  return misused(`--ca-file, --cert-file or --key-file cannot be used: ${message}`, { cause: error })
}

async function readReply(server: Server, response: IncomingMessage): Promise<Reply> {
  const text = await textOf(response).catch((error: unknown) => {
    throw refused(`the answer of ${server.text} broke off: ask again`, { cause: error })
  })
  try {
    return { status: response.statusCode ?? 0, body: JSON.parse(text) }
  } catch (error) {
    throw refused(`what answers at ${server.text} is not Tortie: check --server`, { cause: error })
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function unreachable(server: Server, error: Error): CliFailure {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return refused(`no agent answers at ${server.text}: start it with "tortie agent", or name another with --server`, { cause: error })
  if (code === 'EACCES') return refused(`no permission for ${server.text}: run as root or join the group of the socket`, { cause: error })
  if (/^(DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT)/.test(code))
    return refused(
      `the certificate of ${server.text} is not trusted: ${error.message.split(';', 1).join()}: name its authority with --ca-file`,
      {
        cause: error,
      },
    )
  if (server.secure && (code.startsWith('ERR_SSL_') || code === 'ECONNRESET'))
    return refused(`${server.text} refused the connection (${code}): it may want --cert-file and --key-file, or --token-file`, {
      cause: error,
    })
  return refused(`cannot talk to ${server.text}: ${error.message}: check --server`, { cause: error })
}
