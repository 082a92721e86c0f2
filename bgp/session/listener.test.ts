import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t from 'tap'
import { address, freePort } from './fixture.ts'
import { Listener } from './listener.ts'
import { openSockets } from './open-sockets.ts'

const sockets = await openSockets()

t.test('a taken port is a problem in words, retried until it is free', async (t) => {
  const port = await freePort()
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  const changes: (string | undefined)[] = []
  const free = Promise.withResolvers<void>()
  const onChange = (problem: string | undefined) => {
    changes.push(problem)
    if (problem === undefined) free.resolve()
  }
  const listener = new Listener(
    { address: address('127.0.0.1'), port, retryMs: 10 },
    { sockets, onConnection: (s) => s.destroy(), onChange },
  )
  t.teardown(() => listener.stop())
  await listener.start()
  const taken = `cannot listen on 127.0.0.1 port ${port}: another process has the port; stop it or change bgp.listenPort`
  t.strictSame([listener.listening, listener.problem], [false, taken])
  other.close()
  await free.promise
  t.strictSame([listener.listening, listener.problem, changes], [true, undefined, [taken, undefined]])
})

t.test('an address no interface has is a problem in words', async (t) => {
  const changes: (string | undefined)[] = []
  const listener = new Listener(
    { address: address('192.0.2.1'), port: 1179 },
    { sockets, onConnection: (s) => s.destroy(), onChange: (problem) => void changes.push(problem) },
  )
  await listener.start()
  listener.stop()
  t.strictSame(changes, ['cannot listen on 192.0.2.1 port 1179: no interface has this address; check bgp.listenAddresses'])
})

t.test('IPv4 and IPv6 wildcards listen beside each other', async (t) => {
  const port = await freePort()
  const accepted: number[] = []
  const listeners = (['0.0.0.0', '::'] as const).map(
    (text, i) =>
      new Listener(
        { address: address(text), port },
        {
          sockets,
          onConnection: (socket) => {
            accepted.push(i)
            socket.destroy()
          },
          onChange: () => {},
        },
      ),
  )
  t.teardown(() => {
    for (const listener of listeners) listener.stop()
  })
  for (const listener of listeners) await listener.start()
  t.strictSame(
    listeners.map(({ problem }) => problem),
    [undefined, undefined],
  )
  for (const host of ['127.0.0.1', '::1'])
    await once(
      connect({ host, port }).on('error', () => {}),
      'close',
    )
  t.strictSame(accepted, [0, 1])
})
