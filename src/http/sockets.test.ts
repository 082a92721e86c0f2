import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { clientLimits, newServer } from './client-server.ts'
import { bindPrivately, closeAll, type ListenOptions, listenAll } from './sockets.ts'

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

t.test('the socket file never has another mode than 0660, whatever the umask', async (t) => {
  const path = join(directoryOf(t), 'api.sock')
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const { server } = newServer(() => {}, clientLimits)
  bindPrivately(server, path) // bind(2) has happened, nothing else could yet
  t.equal(statSync(path).mode & 0o777, 0o660)
  t.equal(process.umask(), 0, 'the umask is as it was')
  await once(server, 'listening')
  t.equal(statSync(path).mode & 0o777, 0o660)
  server.close()
  await once(server, 'close')
})
