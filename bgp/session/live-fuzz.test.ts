/**
 * Mutated conversations with a real speaker over TCP for FUZZ_SECONDS (60): every reaction is one that BGP knows, nothing throws, the second
 * session and its routes stay, memory is bounded, and what was told of the peers is taken back. FUZZ_SEED repeats a run.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { asn } from '../../src/net/asn.ts'
import { nextMessage, nextOpen, oneOf, type PeerKind, peerKinds, type Random, randomOf } from '../wire/hostile.fixture.ts'
import { address, freePort, peerConfig, speakerFor, until } from './fixture.ts'
import { updateOf } from './inputs-lab.ts'
import { ipv4Unicast, keepalive, RawPeer } from './raw-peer.ts'

const seconds = Number(process.env.FUZZ_SECONDS ?? 60)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const sideBySide = 8
const messages = 60
const allowedGrowthBytes = 8 << 20

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Codes and subcodes a speaker may answer such things with. */
const legal: Readonly<Record<number, readonly number[]>> = {
  1: [1, 2, 3],
  2: [0, 1, 2, 3, 4, 6, 7, 11],
  3: [1, 2, 9, 10],
  4: [0],
  5: [0, 1, 2, 3],
  6: [1, 3, 5, 6, 7],
  7: [1],
}

t.test(`${seconds} s of mutated conversations, seed ${seed}`, { timeout: (seconds + 180) * 1000 }, async (t) => {
  t.comment(`FUZZ_SEED=${seed} repeats it`)
  const port = await freePort()
  const { speaker, peer, best, lines } = speakerFor(t, port)
  const families = ['ipv4-unicast', 'ipv6-unicast'] as const
  const common = { port, passive: true, families }
  const witness = peerConfig({ name: 'witness', address: address('127.0.0.3'), asNumber: asn(65003), ...common })
  const configs = new Map<number, ReturnType<typeof peerConfig>>()
  speaker.setPeers([witness])
  await speaker.start()
  const raw = await RawPeer.dial('127.0.0.3', '127.0.0.1', port)
  t.teardown(() => raw.socket.destroy())
  const capabilities = [ipv4Unicast, { type: 'multiprotocol', afi: 2, safi: 1 }, { type: 'four-octet-as', asNumber: 65003 }] as const
  await raw.establish({ myAs: 65003, routerId: 0x0a00_0003, capabilities })
  raw.send(updateOf('400101 00 400206 0201 0000fdeb 400304 c0000201', '18c63364'))
  await until(() => best.has('198.51.100.0/24'))
  const { since } = peer('witness')
  const alive = setInterval(() => raw.send(keepalive), 10_000)
  t.teardown(() => clearInterval(alive))

  const reactions = new Map<string, number>()
  const deadline = performance.now() + seconds * 1000
  let conversations = 0

  /** One place at the table: peers come and go there, each with a conversation of its own. */
  const place = async (slot: number) => {
    while (performance.now() < deadline) {
      const random = randomOf(seed + conversations++)
      const kind = oneOf(random, peerKinds)
      const from = `127.0.1.${slot + 1}`
      const name = `slot${slot}`
      configs.set(slot, peerConfig({ name, address: address(from), asNumber: asn(kind.asNumber), maxPrefixes: 20_000, ...common }))
      speaker.setPeers([witness, ...configs.values()])
      const reaction = await converse(random, kind, await RawPeer.dial(from, '127.0.0.1', port))
      reactions.set(reaction, (reactions.get(reaction) ?? 0) + 1)
      configs.delete(slot)
      speaker.setPeers([witness, ...configs.values()])
      raw.forget()
      lines.length = 0
    }
  }
  const places = Array.from({ length: sideBySide }, (_, slot) => place(slot))
  await until(() => performance.now() > deadline - seconds * 500)
  const halfBytes = usedBytes()
  await Promise.all(places)

  await until(() => best.size === 1)
  await until(() => usedBytes() < halfBytes + allowedGrowthBytes)
  t.comment(
    `${conversations} conversations: ${JSON.stringify(Object.fromEntries([...reactions].toSorted(([a], [b]) => (a < b ? -1 : 1))))}`,
  )
  t.comment(`${(halfBytes / 2 ** 20).toFixed(0)} MB in use at half time, ${(usedBytes() / 2 ** 20).toFixed(0)} MB at the end`)
  t.strictSame(
    [...reactions.keys()].filter((reaction) => reaction.startsWith('illegal')),
    [],
  )
  t.strictSame([speaker.faults, peer('witness').since, peer('witness').flaps, [...best.keys()]], [0, since, 0, ['198.51.100.0/24']])
  t.ok(conversations > seconds, `${conversations} conversations are enough to mean something`)
})

/** @returns what ended it: "closed", "N code/subcode", "left" if the speaker bore it all, or "illegal …" */
async function converse(random: Random, kind: PeerKind, raw: RawPeer): Promise<string> {
  const said: Uint8Array[] = [nextOpen(random, kind), keepalive]
  for (let i = 0; i < messages; i++) said.push(nextMessage(random, kind))
  const segment = 1 + random(3000)
  const octets = Buffer.concat(said)
  for (let at = 0; at < octets.length && !raw.socket.destroyed; at += segment) {
    raw.socket.write(octets.subarray(at, at + segment))
    if (random(8) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  raw.socket.end()
  const heard: string[] = []
  for (;;) {
    const next = await raw.next()
    if (next.type === 'closed') break
    heard.push(next.type === 'notification' ? `N ${next.code}/${next.subcode}` : next.type)
    if (next.type === 'notification' && legal[next.code]?.includes(next.subcode) !== true) return `illegal ${heard.at(-1)}`
  }
  raw.socket.destroy()
  const notifications = heard.filter((one) => one.startsWith('N '))
  if (notifications.length > 1 || (notifications.length === 1 && heard.at(-1) !== notifications[0])) return `illegal ${heard.join()}`
  return notifications[0] ?? (heard.length > 0 ? 'closed' : 'refused')
}

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
