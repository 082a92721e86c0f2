import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t from 'tap'
import { call, connectionTo } from './client.ts'

const understood: [text: string, connection: object][] = [
  ['unix:/run/tortie/api.sock', { socketPath: '/run/tortie/api.sock' }],
  ['unix:///run/tortie/api.sock', { socketPath: '/run/tortie/api.sock' }],
  ['unix:api.sock', { socketPath: 'api.sock' }],
  ['http://127.0.0.1:9099', { host: '127.0.0.1', port: 9099 }],
  ['http://[::1]:9099/', { host: '::1', port: 9099 }],
  ['http://node-a', { host: 'node-a', port: 80 }],
  ['https://node-a', { host: 'node-a', port: 443 }],
  ['https://[fd99::1]:9099', { host: 'fd99::1', port: 9099 }],
]
for (const [text, connection] of understood)
  t.test(`--server ${text}`, async (t) => t.strictSame(connectionTo(text).connection, connection))

for (const text of ['', 'unix:', '/run/x.sock', 'localhost:9099', 'ftp://x', 'http://x/path'])
  t.test(`--server "${text}" is a usage mistake`, async (t) =>
    t.throws(() => connectionTo(text), {
      exitCode: 2,
      message: `--server ${text} is not understood: use unix:PATH, https://HOST:PORT or http://HOST:PORT`,
    }),
  )

t.test('an agent that hangs, or hangs up, is a failure with a hint', async (t) => {
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  const half = createServer((socket) => {
    sockets.add(socket)
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a"')
  }).listen(0, '127.0.0.1')
  await Promise.all([silent, rude, half].map((server) => once(server, 'listening')))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
    rude.close()
    half.close()
  })
  const at = (server: typeof silent) => connectionTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const get = { method: 'GET', path: '/', timeoutSec: 0.05 } as const
  await t.rejects(call(at(silent), get), { exitCode: 1, message: /does not answer within 0\.05 s: is it busy or stopped\?$/ })
  await t.rejects(call(at(rude), get), { exitCode: 1, message: /^cannot talk to .*: check --server$/ })
  await t.rejects(call(at(half), get), { exitCode: 1, message: /^the answer of .* broke off: ask again$/ })
})
