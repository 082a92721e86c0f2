import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { ClosingSockets } from './closing-sockets.ts'

/** Both ends of one TCP connection. */
async function connection(t: Test): Promise<readonly [ours: Socket, theirs: Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  const ours = connect({ host: '127.0.0.1', port: bound.port })
  const [[theirs]] = (await Promise.all([once(server, 'connection'), once(ours, 'connect')])) as [[Socket], unknown]
  t.teardown(() => theirs.destroy())
  ours.on('error', () => {})
  return [ours, theirs]
}

t.test('last words arrive though the peer keeps talking', async (t) => {
  const [ours, theirs] = await connection(t)
  const chunks: Buffer[] = []
  theirs.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (let i = 0; i < 50; i++) theirs.write(Buffer.alloc(10_000))
  const closing = new ClosingSockets()
  ours.write('goodbye')
  closing.close(ours)
  await once(theirs, 'end')
  theirs.end()
  await closing.settled()
  t.strictSame([Buffer.concat(chunks).toString(), ours.destroyed], ['goodbye', true])
})

t.test('a peer that never ends its side is cut off', async (t) => {
  const [ours, theirs] = await connection(t)
  theirs.resume()
  const closing = new ClosingSockets()
  closing.close(ours)
  await closing.settled()
  t.equal(ours.destroyed, true)
})

t.test('a connection that is not there yet is given up at once', async (t) => {
  const ours = connect({ host: '127.0.0.1', port: 9 })
  ours.on('error', () => {})
  const closing = new ClosingSockets()
  closing.close(ours)
  await closing.settled()
  t.equal(ours.destroyed, true)
})
