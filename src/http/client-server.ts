/** A node:http or node:https server that bounds what one client may take, and asks over TCP who it is. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Access } from './access-files.ts'
import { refusalOf } from './admission.ts'
import { type ProblemStatus, problem } from './answer.ts'
import { OpenConnections } from './open-connections.ts'
import { tlsOptions } from './tls-options.ts'

export type HttpServer = Server | TlsServer
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * @property idle connections on which no request is being answered
 * @property setAccess for connections and requests from now on; a server without TLS stays without, one with TLS with it, one that asks
 * nobody does not begin to
 */
export type ClientServer = {
  readonly server: HttpServer
  readonly scheme: 'http' | 'https'
  readonly idle: () => Iterable<Socket>
  readonly setAccess: (access: Access) => void
}

/** What one client may take: times in milliseconds, `maxHeaderSize` in octets. */
export const clientLimits = {
  /** For the TLS handshake and for the header. */
  headersTimeout: 10_000,
  /** For header and body to arrive; the answer may take longer. */
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  /** A client that takes nothing of its answer for so long is cut off. */
  stalledReaderTimeout: 30_000,
  /** Silence after which the kernel asks whether the other side is still there. */
  keepAliveInitialDelay: 15_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
  /** Requests of one connection that are not answered yet. */
  maxAwaited: 16,
  /** Of each address: a flood on TCP leaves the Unix socket free. */
  maxConnections: 1_024,
}

export type ClientLimits = typeof clientLimits

/** @param access absent: no question is asked, as on the Unix socket */
export function newServer(handler: RequestListener, limits: ClientLimits, access?: Access): ClientServer {
  let current = access
  // Node would refuse a missing Host without saying why.
  const options = { ...limits, requireHostHeader: false, keepAlive: true, handshakeTimeout: limits.headersTimeout }
  const tls = access?.tls
  const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tlsOptions(tls, access?.token) })
  const connections = new OpenConnections(server)
  const admits = (request: IncomingMessage, response: ServerResponse) => {
    request.url = originForm(request.url ?? '')
    return isAdmitted(request, response, current)
  }
  server.on('request', (request, response) => {
    if (connections.awaitedOn(request.socket) > limits.maxAwaited) request.socket.destroy()
    else if (admits(request, response)) handler(request, response)
  })
  server.on('checkContinue', (request, response) => {
    if (!admits(request, response)) return
    // Behind another answer it would come between the header and the body of its own; RFC 9110 §10.1.1 lets us leave it out.
    if (response.socket !== null) response.writeContinue()
    server.emit('request', request, response)
  })
  server.on('checkExpectation', (_request, response) => refuseRequest(response, 417, 'only Expect: 100-continue is known'))
  server.on('clientError', refuseClient)
  server.maxConnections = limits.maxConnections
  server.timeout = limits.stalledReaderTimeout
  server.on('timeout', (socket: Socket) => {
    if (connections.isIdle(socket) || socket.writableLength > 0) socket.destroy()
  })
  const setAccess = (next: Access) => {
    if (current === undefined) return
    if (next.tls !== undefined && 'setSecureContext' in server) server.setSecureContext(tlsOptions(next.tls, next.token))
    current = next
  }
  return { server, scheme: tls === undefined ? 'http' : 'https', idle: () => connections.idle(), setAccess }
}

/** As proxies are asked, "http://host/path": every server has to take it (RFC 9112 §3.2.2). */
function originForm(target: string): string {
  const [, rest] = /^https?:\/\/[^/?]*(.*)$/i.exec(target) ?? []
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

function isAdmitted(request: IncomingMessage, response: ServerResponse, access: Access | undefined): boolean {
  const { host, origin, authorization } = request.headers
  if (request.httpVersion === '1.1' && host === undefined) {
    refuseRequest(response, 400, 'HTTP/1.1 needs a Host header')
    return false
  }
  if (access === undefined) return true
  const { socket, url = '' } = request
  const caller = { path: url, certified: socket instanceof TLSSocket && socket.authorized, host, origin, authorization }
  const refusal = refusalOf(caller, {
    secure: access.tls !== undefined,
    certificates: access.tls?.clientCa !== undefined,
    ...(access.token && { token: access.token }),
  })
  if (refusal === undefined) return true
  response.writeHead(refusal.answer.status, { 'content-type': 'application/problem+json', ...refusal.headers })
  response.end(JSON.stringify(refusal.answer.body))
  return false
}

function refuseRequest(response: ServerResponse, status: ProblemStatus, reason: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' })
  response.end(JSON.stringify(problem(status, reason).body))
}

/** What node:http cannot parse, or waited too long for, never reaches a handler. A failed TLS handshake leaves nothing to answer on. */
function refuseClient(error: Error, socket: Socket): void {
  const code = 'code' in error ? String(error.code) : ''
  if (!socket.writable || !/^(HPE_|ERR_HTTP_)/.test(code)) {
    socket.destroy()
    return
  }
  const { status, reason } = clientError(code)
  const body = JSON.stringify(problem(status, reason).body)
  const headers = `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${headers}\r\n\r\n${body}`)
}

function clientError(code: string): { status: ProblemStatus; reason: string } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, reason: 'the request did not arrive in time' }
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, reason: `the header is larger than ${clientLimits.maxHeaderSize} octets` }
  return { status: 400, reason: 'this is not HTTP/1.1' }
}
