/** What we send, against peers that read as fast or as slowly as the test wants. */
import t from 'tap'
import { parseCidr } from '../../src/net/prefix.ts'
import { address, lab, peerConfig } from './fixture.ts'
import { MessageCounts } from './message-counts.ts'
import { Output } from './output.ts'
import { marker, octets, type RawPeer } from './raw-peer.ts'

const count = 60_000
const prefixes = Array.from({ length: count }, (_, i) => parseCidr(`10.${i >> 8}.${i & 255}.0/24`) ?? [])

/** Reads UPDATEs until so many /24 prefixes were announced. */
async function receive(raw: RawPeer, wanted: number): Promise<number> {
  let got = 0
  while (got < wanted) {
    const heard = await raw.next()
    if (heard.type !== 'update') throw new Error(`unexpected ${heard.type}`)
    const body = octets(heard.body)
    const attributes = ((body[2] ?? 0) << 8) | (body[3] ?? 0)
    got += (body.length - 4 - attributes) / 4
  }
  return got
}

t.test('a peer that does not read keeps nobody waiting, and gets everything once it reads', async (t) => {
  const { speaker, port, dial } = await lab(t)
  const names = ['slow', 'fast']
  speaker.setPeers(names.map((name, i) => peerConfig({ name, address: address(`127.0.0.${i + 2}`), port, passive: true })))
  const [slow, fast] = [await dial('127.0.0.2'), await dial('127.0.0.3')]
  await slow.establish()
  await fast.establish()
  slow.socket.pause()
  speaker.originate(prefixes.flat())
  t.equal(await receive(fast, count), count)
  slow.socket.resume()
  t.equal(await receive(slow, count), count)
  t.strictSame(
    speaker.peers().map(({ state, families }) => [state, families['ipv4-unicast']?.advertised]),
    [
      ['Established', count],
      ['Established', count],
    ],
  )
})

t.test('only the latest state is sent to a peer that was not reading', async (t) => {
  const { speaker, dial } = await lab(t)
  const raw = await dial()
  await raw.establish()
  raw.socket.pause()
  for (let round = 0; round < 6; round++) {
    speaker.originate(round % 2 === 0 ? prefixes.flat() : [])
    await new Promise((resolve) => setImmediate(resolve))
  }
  speaker.originate(prefixes.flat())
  raw.socket.resume()
  const held = new Set<string>()
  while (held.size < count) apply(held, await raw.next())
  t.equal(held.size, count)
})

t.test('RFC 2918 §4 a table is told again once all that is on its way has left, however often it was asked for', async (t) => {
  const asked: string[] = []
  const messages = [octets(`${marker} 0017 02 0000 0000`), undefined, undefined]
  const rib = { read: () => messages.shift(), refresh: (_id: number, family: string) => void asked.push(family) }
  const written: number[] = []
  const socket = { writableNeedDrain: true, writableLength: 0, cork() {}, uncork() {} }
  const connection = { socket, write: (bytes: Uint8Array) => void written.push(bytes.length) } as never
  const output = new Output(rib, 1, new MessageCounts())
  for (let i = 0; i < 1000; i++) output.again('ipv4-unicast')
  output.pump(connection)
  t.strictSame([written, asked], [[], []], 'the peer does not read')
  socket.writableNeedDrain = false
  output.pump(connection)
  t.strictSame([written, asked], [[23], ['ipv4-unicast']])
  output.again('ipv4-unicast')
  output.reset()
  output.pump(connection)
  t.strictSame(asked, ['ipv4-unicast'], 'nothing is owed to the next session')
})

/** Plays one UPDATE of /24 prefixes into the set a peer holds. */
function apply(held: Set<string>, heard: Awaited<ReturnType<RawPeer['next']>>): void {
  if (heard.type !== 'update') throw new Error(`unexpected ${heard.type}`)
  const body = Buffer.from(heard.body, 'hex')
  const withdrawnEnd = 2 + body.readUInt16BE(0)
  const nlriStart = withdrawnEnd + 2 + body.readUInt16BE(withdrawnEnd)
  for (let at = 2; at < withdrawnEnd; at += 4) held.delete(body.toString('hex', at, at + 4))
  for (let at = nlriStart; at < body.length; at += 4) held.add(body.toString('hex', at, at + 4))
}
