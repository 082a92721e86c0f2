/** Where the API listens: a Unix socket whose mode is its guard, and a TCP address. */
import { once } from 'node:events'
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { makeDirectory } from '../os/make-directory.ts'
import { type ProblemStatus, problem } from './answer.ts'

/** `listen` is "host:port", "[::1]:port"; port 0 takes a free one. */
export type ListenOptions = { readonly socket?: string; readonly listen?: string }

/** @property idle connections on which no request is being answered */
export type Listening = Idling & { readonly address: string }

type Idling = { readonly server: Server; readonly idle: ReadonlySet<Socket> }

/** What makes an address unusable: one sentence. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** What one client may take: times in milliseconds, `maxHeaderSize` in octets. */
export const clientLimits = {
  headersTimeout: 10_000,
  /** For header and body to arrive; the answer may take longer. */
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
  maxConnections: 1_024,
}

/** @throws ListenError, with nothing left open */
export async function listenAll(options: ListenOptions, handler: RequestListener, limits = clientLimits): Promise<readonly Listening[]> {
  const make = () => newServer(handler, limits)
  const open: Listening[] = []
  try {
    if (options.socket !== undefined) open.push(await listenUnix(options.socket, make()))
    if (options.listen !== undefined) open.push(await listenTcp(options.listen, make()))
    return open
  } catch (error) {
    await closeAll(open)
    throw error
  }
}

/** Answers that are still being written at the end have so long, in milliseconds. */
const closeGraceMs = 2_000

/** Ends what is idle at once, lets requests that are being answered finish, and cuts off what takes too long. */
export async function closeAll(open: readonly Listening[]): Promise<void> {
  await Promise.all(
    open.map(async ({ server, idle }) => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of idle) socket.destroy()
      const deadline = setTimeout(() => server.closeAllConnections(), closeGraceMs)
      await closed
      clearTimeout(deadline)
    }),
  )
}

/** sun_path of unix(7) without its final zero octet. */
const maxPathOctets = 107

async function listenUnix(path: string, { server, idle }: Idling): Promise<Listening> {
  const octets = Buffer.byteLength(path)
  if (octets > maxPathOctets)
    throw new ListenError(`the socket path ${path} has ${octets} octets, at most ${maxPathOctets} are possible: choose a shorter one`)
  await listen(server, { path }, path, async () => {
    makeDirectory(dirname(path), 0o755)
    await removeStale(path)
  })
  chmodSync(path, 0o660)
  return { server, idle, address: `unix:${path}` }
}

async function listenTcp(text: string, { server, idle }: Idling): Promise<Listening> {
  const { hostname, port } = new URL(`http://${text}`)
  const host = hostname.replace(/^\[|\]$/g, '')
  await listen(server, { host, port: Number(port) }, text)
  const bound = server.address() as AddressInfo
  return { server, idle, address: `http://${hostname}:${bound.port}` }
}

async function listen(server: Server, where: object, shown: string, prepare?: () => Promise<void>): Promise<void> {
  try {
    await prepare?.()
    server.listen(where)
    await once(server, 'listening')
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(refusal(shown, error), { cause: error })
  }
}

function refusal(shown: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return `the API address ${shown} is in use by another process: stop that one, or choose another address`
  if (code === 'EACCES') return `no permission to listen on ${shown}: run as root, or choose another address`
  if (code === 'EADDRNOTAVAIL') return `${shown} is no address of this machine: choose another one`
  return `cannot listen on ${shown}: ${error instanceof Error ? error.message : String(error)}: choose another address`
}

/** A socket file whose process is dead is removed; a live one is left for `listen` to refuse. @throws ListenError if it is no socket */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new ListenError(`${path} is there and is no socket: remove it, or choose another address`)
  const probe = connect(path)
  try {
    await once(probe, 'connect')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') unlinkSync(path)
  } finally {
    probe.destroy()
  }
}

/** Knows its idle connections, those that never sent a request among them: node:http itself would wait for these. */
function newServer(handler: RequestListener, limits: typeof clientLimits): Idling {
  // node:http itself would refuse it without saying why
  const server = createServer({ ...limits, requireHostHeader: false }, (request, response) => {
    if (request.httpVersion === '1.1' && request.headers.host === undefined) refuseRequest(response, 400, 'HTTP/1.1 needs a Host header')
    else handler(request, response)
  })
  const idle = new Set<Socket>()
  server.maxConnections = limits.maxConnections
  server.on('clientError', refuseClient)
  server.on('checkExpectation', (_request, response) => refuseRequest(response, 417, 'only Expect: 100-continue is known'))
  server.on('connection', (socket: Socket) => {
    idle.add(socket)
    socket.once('close', () => idle.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    idle.delete(socket)
    response.once('close', () => {
      if (!server.listening) socket.end()
      else if (!socket.destroyed) idle.add(socket)
    })
  })
  return { server, idle }
}

function refuseRequest(response: ServerResponse, status: ProblemStatus, reason: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' })
  response.end(JSON.stringify(problem(status, reason).body))
}

/** What node:http cannot parse, or waited too long for, never reaches a handler. */
function refuseClient(error: Error, socket: Socket): void {
  if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) {
    socket.destroy()
    return
  }
  const { status, reason } = clientError('code' in error ? error.code : undefined)
  const body = JSON.stringify(problem(status, reason).body)
  const headers = `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${headers}\r\n\r\n${body}`)
}

function clientError(code: unknown): { status: ProblemStatus; reason: string } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, reason: 'the request did not arrive in time' }
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, reason: `the header is larger than ${clientLimits.maxHeaderSize} octets` }
  return { status: 400, reason: 'this is not HTTP/1.1' }
}
