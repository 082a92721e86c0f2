/** The API: fastify routes requests and reads bodies; handlers return answers; node:http servers listen. */
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Datastore } from '../datastore/datastore.ts'
import { DatastoreWriteError } from '../datastore/write-error.ts'
import type { Access } from './access-files.ts'
import type { AgentFace } from './agent-face.ts'
import { type Answer, isProblemStatus, problem, type Streamed } from './answer.ts'
import { applyEndpoints } from './apply-endpoints.ts'
import { bgpEndpoints } from './bgp-endpoints.ts'
import { acceptBodies, limitOf, maxBodyOctets } from './body.ts'
import { BodyReader } from './body-reader.ts'
import { configEndpoints } from './config-endpoints.ts'
import { drainEndpoints } from './drain-endpoints.ts'
import { type EndpointContext, type Endpoints, type Handler, type Method, methods } from './endpoint.ts'
import { eventsEndpoints } from './events-endpoints.ts'
import { explainEndpoints } from './explain-endpoints.ts'
import { felixEndpoints } from './felix-endpoints.ts'
import { flowEndpoints } from './flow-endpoints.ts'
import { healthEndpoints } from './health-endpoints.ts'
import { docsEndpoints } from './openapi/docs-endpoints.ts'
import { resourceHandlers } from './resource-endpoints.ts'
import { closeAll, ListenError, type ListenOptions, listenAll } from './sockets.ts'
import { statusEndpoints } from './status-endpoints.ts'

export type ApiDependencies = {
  readonly store: Datastore
  readonly agent: AgentFace
  /** Told of our own bugs, which the client only sees as a 500. */
  readonly onBug: (error: unknown, request: string) => void
}

export type Api = {
  /** "unix:/run/tortie/api.sock", "http://127.0.0.1:9099" */
  readonly addresses: readonly string[]
  /** What TCP clients are asked for from now on; whether there is TLS stays as it was. */
  setAccess(access: Access): void
  /** Ends waits with 503, lets other requests finish, and removes the socket file. */
  close(): Promise<void>
}

export type StartedApi = { readonly type: 'listening'; readonly api: Api } | { readonly type: 'problem'; readonly problem: string }

/** An address that cannot be used is a problem: one sentence, and nothing is left open. */
export async function startApi(options: ListenOptions, dependencies: ApiDependencies): Promise<StartedApi> {
  const closing = new AbortController()
  const app = buildApp({ ...dependencies, reader: new BodyReader(), closing: closing.signal }, dependencies.onBug)
  await app.ready()
  try {
    const open = await listenAll(options, (request, response) => app.routing(request, response))
    const close = async () => {
      closing.abort()
      await closeAll(open)
      await app.close()
    }
    const setAccess = (access: Access) => {
      for (const listening of open) listening.setAccess(access)
    }
    return { type: 'listening', api: { addresses: open.map(({ address }) => address), setAccess, close } }
  } catch (error) {
    if (error instanceof ListenError) return { type: 'problem', problem: error.message }
    throw error
  }
}

function buildApp(context: EndpointContext, onBug: ApiDependencies['onBug']): FastifyInstance {
  const app = fastify({
    bodyLimit: maxBodyOctets,
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: false },
    frameworkErrors: (error, _request, reply) => void send(reply, problem(400, error.message)), // a URL that cannot be decoded
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true } },
  })
  acceptBodies(app)
  app.setErrorHandler((error: FastifyError, request, reply) => refuse(error, request, reply, onBug))
  app.setNotFoundHandler((request, reply) => send(reply, problem(404, `there is nothing at ${request.url.split('?')[0]}`)))
  const parts = [
    applyEndpoints,
    statusEndpoints,
    bgpEndpoints,
    felixEndpoints,
    explainEndpoints,
    flowEndpoints,
    drainEndpoints,
    eventsEndpoints,
    configEndpoints,
    healthEndpoints,
  ]
  const serving = { closing: context.closing, onBug }
  const described: Endpoints = Object.assign({}, ...parts.map((part) => part(context)))
  for (const [url, endpoints] of Object.entries({ ...described, ...docsEndpoints(described) })) {
    const handlers = Object.entries(endpoints).map(([method, { handler }]) => [method, handler])
    mount(app, url, Object.fromEntries(handlers) as Handlers, serving)
  }
  const resources = resourceHandlers(context)
  for (const url of ['/apis/*', '/api/*']) mount(app, url, resources, serving)
  return app
}

type Handlers = Readonly<Partial<Record<Method, Handler>>>
type Serving = Pick<EndpointContext, 'closing'> & Pick<ApiDependencies, 'onBug'>

/** Every method that has no handler is 405. */
function mount(app: FastifyInstance, url: string, handlers: Handlers, serving: Serving): void {
  const allowed = methods.filter((method) => handlers[method])
  for (const method of methods) {
    const handler = handlers[method]
    app.route({ method, url, handler: handler ? answering(handler, serving) : refusing(allowed) })
  }
}

/** The handler's signal aborts when the client has gone before its answer was sent, or the API closes. */
function answering(handler: Handler, { closing, onBug }: Serving) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const gone = new AbortController()
    reply.raw.once('close', () => reply.raw.writableFinished || gone.abort())
    const answer = await handler(request, AbortSignal.any([gone.signal, closing]))
    if ('body' in answer) return send(reply, answer)
    return await stream(reply, answer, request).catch((error: unknown) => onBug(error, `${request.method} ${request.url}`))
  }
}

/** The header goes out at once: what comes after it may take long. */
async function stream(
  reply: FastifyReply,
  { status, chunks, type = 'application/json' }: Streamed,
  { method }: FastifyRequest,
): Promise<void> {
  const response = reply.hijack().raw
  response.writeHead(status, { 'content-type': type })
  if (method === 'HEAD') {
    response.end()
    return
  }
  response.flushHeaders()
  try {
    await pipeline(chunks, response)
  } catch (error) {
    if (!response.destroyed || !isClientGone(error)) throw error
  }
}

function isClientGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED'
}

function refusing(allowed: readonly string[]) {
  return async (request: FastifyRequest, reply: FastifyReply) =>
    send(reply.header('allow', allowed.join(', ')), problem(405, `${request.method} is not known here; ${allowed.join(' and ')} is`))
}

/** As octets: fastify would add a charset to the type of a text, and JSON has none (RFC 8259 §11). */
function send(reply: FastifyReply, { status, body, type: given }: Answer): FastifyReply {
  const metrics = typeof body === 'string'
  const octets = Buffer.isBuffer(body) ? body : Buffer.from(metrics ? body : JSON.stringify(body))
  const type =
    given ?? (status >= 400 ? 'application/problem+json' : metrics ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json')
  return reply.code(status).header('content-type', type).send(octets)
}

/** What fastify refused before a handler ran, and what a handler threw. */
async function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply, onBug: ApiDependencies['onBug']) {
  const status = error.statusCode ?? 500
  if (error instanceof DatastoreWriteError) return send(reply, problem(503, error.message))
  if (status === 413) {
    await drain(request)
    return send(reply, problem(413, `the body is larger than ${limitOf(request)} octets: send it in several requests`))
  }
  if (status === 415) return send(reply, problem(415, unsupported(request)))
  if (status < 500 && isProblemStatus(status)) return send(reply, problem(status, error.message))
  onBug(error, `${request.method} ${request.url}`)
  return send(reply, problem(500, 'the agent made a mistake; its log says which'))
}

/** A client that is still sending would see a broken pipe instead of the answer. The server's requestTimeout bounds it. */
async function drain({ raw }: FastifyRequest): Promise<void> {
  if (raw.complete || raw.destroyed) return
  raw.resume()
  await Promise.race([once(raw, 'end'), once(raw, 'close')])
}

function unsupported(request: FastifyRequest): string {
  const given = request.headers['content-type']
  return `${given ? `"${given}"` : 'a body without Content-Type'} is not read here: send application/yaml or application/json`
}
