import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import type { Access } from './access-files.ts'
import { type ClientLimits, clientLimits, type RequestListener } from './client-server.ts'
import { closeAll, listenAll } from './sockets.ts'
import { makeCertificate } from './test-certificates.ts'
import { makeToken } from './token.ts'

const authority = makeCertificate('authority')
const agent = makeCertificate('agent', { names: ['127.0.0.1'], issuer: authority })
const tls = { cert: agent.cert, key: agent.key }
const token = makeToken('t0ken')
if (token === undefined) throw new Error('"t0ken" is a token')

const transports = { TCP: {}, TLS: { tls } } satisfies Record<string, Access>
type Transport = keyof typeof transports

type Options = { readonly limits?: Partial<ClientLimits>; readonly access?: Access; readonly handler?: RequestListener }

/** A server on TCP or TLS; what to connect to it with. */
async function start(t: Test, transport: Transport, { limits = {}, access, handler = here }: Options = {}) {
  const given = { listen: '127.0.0.1:0', access: { ...transports[transport], ...access } }
  const open = await listenAll(given, handler, { ...clientLimits, ...limits })
  t.teardown(() => closeAll(open.filter(({ server }) => server.listening)))
  const [listening] = open
  if (listening === undefined) throw new Error('nothing listens')
  const to = { host: '127.0.0.1', port: Number(new URL(listening.address).port) }
  const raw = (): Socket => keep(t, connectTcp(to))
  const connect = async (): Promise<Socket> => {
    const socket = transport === 'TCP' ? raw() : keep(t, connectTls({ ...to, ca: authority.cert }))
    await once(socket, transport === 'TCP' ? 'connect' : 'secureConnect')
    return socket
  }
  return { ...listening, open, raw, connect }
}

function keep<Kept extends Socket>(t: Test, socket: Kept): Kept {
  t.teardown(() => socket.destroy())
  return socket.on('error', () => {})
}

function here(_request: IncomingMessage, response: ServerResponse): void {
  response.end('here')
}

function readFirst(request: IncomingMessage, response: ServerResponse): void {
  request.resume().on('end', () => response.end('here'))
}

/** All that comes until the other side ends. */
async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  return (await socket.setEncoding('utf8').toArray()).join('')
}

const get = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'

const refused = (status: number, reason: string) =>
  new RegExp(`^HTTP/1.1 ${status} .*application/problem\\+json.*"detail":"${reason}"`, 's')
const mistakes: [title: string, text: string, expected: RegExp][] = [
  ['noise', '\0\x01\x02garbage\r\n\r\n', refused(400, 'this is not HTTP/1.1')],
  ['a large header', `${get.slice(0, -2)}X-Large: ${'x'.repeat(20_000)}\r\n\r\n`, refused(431, 'the header is larger than 16384 octets')],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', refused(400, 'HTTP/1.1 needs a Host header')],
  ['an expectation', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n', refused(417, 'only Expect: 100-continue is known')],
]

for (const transport of ['TCP', 'TLS'] as const) {
  t.test(`${transport}: what is not HTTP, and a header that is too large, are problems`, async (t) => {
    const { connect } = await start(t, transport)
    for (const [title, text, expected] of mistakes) t.match(await answerTo(await connect(), text), expected, title)
    t.match(await answerTo(await connect(), get), /here/, 'others are served')
  })

  t.test(`${transport}: a client that never finishes its header or body is answered 408 and cut off`, async (t) => {
    const limits = { headersTimeout: 200, requestTimeout: 300, connectionsCheckingInterval: 10 }
    const { connect } = await start(t, transport, { limits, handler: readFirst })
    const slow: [title: string, text: string][] = [
      ['nothing', ''],
      ['header', 'GET / HTTP/1.1\r\nHost'],
      ['body', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf'],
    ]
    for (const [title, text] of slow) t.match(await answerTo(await connect(), text), /^HTTP\/1\.1 408 .*did not arrive in time/s, title)
  })

  t.test(`${transport}: a client that does not read its answer is cut off, one that waits for it is not`, async (t) => {
    const closed = Promise.withResolvers<string>()
    const answer = Promise.withResolvers<void>()
    const handler: RequestListener = ({ url }, response) => {
      if (url === '/large')
        response.once('close', () => closed.resolve(response.writableFinished ? 'sent' : 'cut off')).end(Buffer.alloc(64 << 20))
      else void answer.promise.then(() => response.end('waited'))
    }
    const { connect } = await start(t, transport, { limits: { stalledReaderTimeout: 100 }, handler })
    const patient = answerTo(await connect(), get)
    const stalled = await connect()
    stalled.pause().write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n')
    t.equal(await closed.promise, 'cut off')
    answer.resolve()
    t.match(await patient, /waited/)
  })

  t.test(`${transport}: connections beyond the limit are closed at once, and one that ends makes room`, async (t) => {
    const { connect, raw } = await start(t, transport, { limits: { maxConnections: 2 } })
    const [first] = [await connect(), await connect()]
    await once(raw().resume(), 'close')
    first.end()
    await once(first.resume(), 'close')
    t.match(await answerTo(await connect(), get), /here/)
  })

  t.test(`${transport}: a client that has gone without a word ends its request`, async (t) => {
    const gone = Promise.withResolvers<void>()
    const { connect } = await start(t, transport, {
      handler: (_request, response) => {
        response.once('close', () => gone.resolve())
        socket.destroy()
      },
    })
    const socket = await connect()
    socket.write(get)
    await gone.promise
  })

  t.test(`${transport}: a client that does not wait for answers and goes ends all its requests`, async (t) => {
    const begun: string[] = []
    const ended = Promise.withResolvers<void>()
    let open = 3
    const { connect } = await start(t, transport, {
      handler: ({ url = '' }, response) => {
        response.once('close', () => (--open === 0 ? ended.resolve() : undefined))
        if (begun.push(url) === 3) socket.destroy()
      },
    })
    const socket = await connect()
    socket.write(['/a', '/b', '/c'].map((url) => get.replace('/', url).replace('Connection: close', 'X: y')).join(''))
    await ended.promise
    t.strictSame(begun, ['/a', '/b', '/c'])
  })

  t.test(`${transport}: a client with too many requests that are not answered yet is cut off`, async (t) => {
    let begun = 0
    const { connect } = await start(t, transport, { limits: { maxAwaited: 4 }, handler: () => void begun++ })
    t.equal(await answerTo(await connect(), get.replace('Connection: close', 'X: y').repeat(100)), '')
    t.equal(begun, 4)
    const answered = await start(t, transport, { limits: { maxAwaited: 4 } })
    const allowed = get.replace('Connection: close', 'X: y').repeat(3) + get
    t.equal((await answerTo(await answered.connect(), allowed)).match(/here/g)?.length, 4, 'so many are answered')
  })

  t.test(`${transport}: an upload is refused before it is sent where the client asks first`, async (t) => {
    const { connect } = await start(t, transport, { access: { token }, handler: readFirst })
    const post = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\nConnection: close\r\n`
    t.match(await answerTo(await connect(), `${post}\r\n`), /^HTTP\/1\.1 401 .*www-authenticate: Bearer realm="tortie"/is)
    const admitted = await connect()
    admitted.setEncoding('utf8').write(`${post}Authorization: Bearer t0ken\r\n\r\n`)
    t.match(await once(admitted, 'data'), ['HTTP/1.1 100 Continue\r\n\r\n'])
    t.match(await answerTo(admitted, '123456789'), /^HTTP\/1\.1 200 .*here/s)
  })

  t.test(`${transport}: close ends what is idle, and half a handshake too`, async (t) => {
    const limits = { headersTimeout: 3_600_000, requestTimeout: 3_600_000 } // these are not what ends it
    const { connect, raw, open, server } = await start(t, transport, { limits })
    const accepted = once(server, 'connection')
    const silent = raw()
    await accepted
    const idle = await connect()
    const ended = [silent, idle].map((socket) => once(socket.resume(), 'close'))
    await closeAll(open)
    await Promise.all(ended)
  })
}

t.test('1,024 idle connections on TCP do not lock out the Unix socket', async (t) => {
  const socketPath = `/tmp/tortie-flood-${process.pid}.sock`
  const open = await listenAll({ socket: socketPath, listen: '127.0.0.1:0' }, here)
  t.teardown(() => closeAll(open))
  const port = Number(new URL(open[1]?.address ?? '').port)
  const flood = Array.from({ length: clientLimits.maxConnections }, () => keep(t, connectTcp({ host: '127.0.0.1', port })))
  await Promise.all(flood.map((socket) => once(socket, 'connect')))
  await once(keep(t, connectTcp({ host: '127.0.0.1', port })).resume(), 'close')
  t.match(await answerTo(keep(t, connectTcp(socketPath)), get), /^HTTP\/1\.1 200 .*here/s)
})

const targets: [target: string, url: string][] = [
  ['/v1/status?x=http://y/z', '/v1/status?x=http://y/z'],
  ['http://localhost/v1/status?x=1', '/v1/status?x=1'],
  ['HTTPS://localhost:9099/healthz', '/healthz'],
  ['http://localhost', '/'],
  ['http://localhost?x=1', '/?x=1'],
  ['//localhost/healthz', '//localhost/healthz'],
]
t.test('RFC 9112 §3.2.2: a target in absolute form is that of its path', async (t) => {
  const { connect } = await start(t, 'TCP', { access: {}, handler: ({ url }, response) => response.end(`<${url}>`) })
  for (const [target, url] of targets) t.match(await answerTo(await connect(), get.replace('/', target)), `<${url}>`, target)
  const guarded = await start(t, 'TCP', { access: { token } })
  t.match(await answerTo(await guarded.connect(), get.replace('/', 'http://127.0.0.1/healthz')), /^HTTP\/1\.1 200/)
  t.match(await answerTo(await guarded.connect(), get.replace('/', 'http://127.0.0.1/readyz')), /^HTTP\/1\.1 401/)
})

t.test('a TLS handshake that does not come, or is none, ends the connection without an answer', async (t) => {
  const { raw } = await start(t, 'TLS', { limits: { headersTimeout: 100 } })
  t.equal(await answerTo(raw(), ''), '')
  t.notMatch(await answerTo(raw(), get), /HTTP/)
})
