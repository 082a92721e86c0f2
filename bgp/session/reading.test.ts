import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { Reading } from './reading.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Both ends of a TCP connection. */
async function pair(t: Tap): Promise<readonly [Socket, Socket]> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  t.teardown(() => {
    for (const socket of [near, far]) socket.destroy()
    server.close()
  })
  return [near, far]
}
type Tap = { teardown(handler: () => void): void }

t.test('a stretch that is used up pauses the socket until the next turn', async (t) => {
  const [socket] = await pair(t)
  let nowMs = 0
  const reading = new Reading(() => nowMs)
  const handle = (costMs: number) => () => {
    nowMs += costMs
  }
  reading.take(socket, handle(1))
  t.equal(socket.isPaused(), false)
  reading.take(socket, handle(1))
  t.equal(socket.isPaused(), true, '2 ms are spent')
  await nextTurn()
  t.equal(socket.isPaused(), false)
  reading.take(socket, handle(1))
  t.equal(socket.isPaused(), false, 'the next turn has its own stretch')
})

t.test('sessions share the stretch; what throws is the caller`s, and counts', async (t) => {
  const [one, two] = await pair(t)
  let nowMs = 0
  const reading = new Reading(() => nowMs)
  t.throws(
    () =>
      reading.take(one, () => {
        nowMs += 10
        throw new Error('a bug of ours')
      }),
    new Error('a bug of ours'),
  )
  reading.take(two, () => {})
  t.strictSame([one.isPaused(), two.isPaused()], [true, true])
  await nextTurn()
  t.strictSame([one.isPaused(), two.isPaused()], [false, false])
})

t.test('a peer that sends without end leaves turns to others, and every octet is handled', async (t) => {
  const [socket, peer] = await pair(t)
  const size = 8 << 20
  const reading = new Reading()
  let octets = 0
  let turns = 0
  const counting = setInterval(() => turns++, 0)
  t.teardown(() => clearInterval(counting))
  socket.on('data', (chunk) => {
    reading.take(socket, () => {
      octets += chunk.length
      for (const began = performance.now(); performance.now() - began < 2; ); // as decoding costs
    })
  })
  peer.end(Buffer.alloc(size))
  await once(socket, 'end')
  t.equal(octets, size)
  t.ok(turns > 10, `timers ran ${turns} times meanwhile`)
})
