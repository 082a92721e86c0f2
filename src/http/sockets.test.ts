import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { clientLimits, closeAll, type ListenOptions, listenAll } from './sockets.ts'

/** A directory whose name leaves room for a socket's. */
function directoryOf(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'tortie-sockets-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return directory
}

async function open(t: Test, options: ListenOptions) {
  const listening = await listenAll(options, (_request, response) => response.end('here'))
  t.teardown(() => closeAll(listening.filter(({ server }) => server.listening)))
  return listening
}

const refusal = (options: ListenOptions) =>
  listenAll(options, () => {}).then(
    () => 'it listens',
    (error: Error) => error.message,
  )

async function ask(where: { socketPath: string } | { host: string; port: number }): Promise<string> {
  const outgoing = request({ ...where, agent: false }).end()
  const [response] = await once(outgoing, 'response')
  return (await response.setEncoding('utf8').toArray()).join('')
}

/** All that comes until the other side ends. */
async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  return (await socket.setEncoding('utf8').toArray()).join('')
}

t.test('a Unix socket of mode 0660 in a directory that is made, and a TCP address; both go with close', async (t) => {
  const socket = join(directoryOf(t), 'run', 'api.sock')
  const listening = await open(t, { socket, listen: '127.0.0.1:0' })
  t.equal(statSync(socket).mode & 0o777, 0o660)
  const [unix, tcp] = listening.map(({ address }) => address)
  t.equal(unix, `unix:${socket}`)
  t.match(tcp, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.equal(await ask({ socketPath: socket }), 'here')
  t.equal(await ask({ host: '127.0.0.1', port: Number(new URL(tcp ?? '').port) }), 'here')
  await closeAll(listening)
  t.notOk(existsSync(socket))
})

t.test('an IPv6 address in brackets', async (t) => {
  const [listening] = await open(t, { listen: '[::1]:0' })
  t.match(listening?.address, /^http:\/\/\[::1\]:\d+$/)
})

t.test('the socket file of a process that was killed is replaced', async (t) => {
  const socket = join(directoryOf(t), 'api.sock')
  const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))`
  const child = spawn(process.execPath, ['-e', program, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const inUse = `the API address ${socket} is in use by another process: stop that one, or choose another address`
  t.equal(await refusal({ socket }), inUse, 'a live one is not')
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.ok(existsSync(socket))
  await open(t, { socket })
  t.equal(await ask({ socketPath: socket }), 'here')
})

t.test('what cannot be listened on is one sentence, and nothing is left open', async (t) => {
  const directory = directoryOf(t)
  const file = join(directory, 'file')
  writeFileSync(file, 'precious')
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const bound = other.address()
  const taken = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`
  const socket = join(directory, 'api.sock')
  t.equal(
    await refusal({ socket, listen: taken }),
    `the API address ${taken} is in use by another process: stop that one, or choose another address`,
  )
  t.notOk(existsSync(socket), 'the socket that was open before is closed')
  t.match(
    await refusal({ socket: file }),
    /file is there and is no socket: remove it, or choose another address$/,
    'a file that is no socket is left alone',
  )
  t.equal(statSync(file).size, 8)
  t.match(await refusal({ socket: join(file, 'x', 'api.sock') }), /^cannot listen on .*(ENOTDIR|EEXIST)/)
  t.equal(await refusal({ listen: '192.0.2.1:9099' }), '192.0.2.1:9099 is no address of this machine: choose another one')
  const long = join(directory, 'x'.repeat(107))
  t.equal(
    await refusal({ socket: long }),
    `the socket path ${long} has ${long.length} octets, at most 107 are possible: choose a shorter one`,
  )
})

t.test('what is not HTTP, and a header that is too large, are problems too', async (t) => {
  const socket = join(directoryOf(t), 'api.sock')
  await open(t, { socket })
  const table: [title: string, text: string, expected: RegExp][] = [
    [
      'noise',
      '\0\x01\x02garbage\r\n\r\n',
      /^HTTP\/1\.1 400 .*application\/problem\+json.*"status":400.*"detail":"this is not HTTP\/1\.1"/s,
    ],
    [
      'header',
      `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 .*"detail":"the header is larger than 16384 octets"/s,
    ],
  ]
  const refusal = (status: number, reason: string) =>
    new RegExp(`^HTTP/1.1 ${status} .*application/problem\\+json.*"detail":"${reason}"`, 's')
  table.push(['no host', 'GET / HTTP/1.1\r\n\r\n', refusal(400, 'HTTP/1.1 needs a Host header')])
  table.push(['expectation', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n', refusal(417, 'only Expect: 100-continue is known')])
  for (const [title, text, expected] of table) t.match(await answerTo(connect(socket), text), expected, title)
  t.equal(await ask({ socketPath: socket }), 'here', 'others are served')
})

t.test('a client that never finishes its header or body is answered 408 and cut off', async (t) => {
  const socket = join(directoryOf(t), 'api.sock')
  const limits = { ...clientLimits, headersTimeout: 20, requestTimeout: 40, connectionsCheckingInterval: 10 }
  const listening = await listenAll({ socket }, (request, response) => request.resume().on('end', () => response.end()), limits)
  t.teardown(() => closeAll(listening))
  const slow: [title: string, text: string][] = [
    ['header', 'GET / HTTP/1.1\r\nHost'],
    ['body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf'],
  ]
  for (const [title, text] of slow) t.match(await answerTo(connect(socket), text), /^HTTP\/1\.1 408 .*did not arrive in time/s, title)
})
