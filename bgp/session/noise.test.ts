/** Conversations with octets changed, cut and repeated: a session may end, the process and the others never notice. */
import fc from 'fast-check'
import t from 'tap'
import { address, lab, peerConfig, until } from './fixture.ts'
import { endOfRib, gracefulRestart, ipv4Unicast, keepalive, openMessage, update } from './raw-peer.ts'

const peers = 120
const conversation = Buffer.concat([
  openMessage({ capabilities: [ipv4Unicast, gracefulRestart()] }),
  keepalive,
  update,
  endOfRib,
  keepalive,
])

const noisy = fc
  .tuple(fc.array(fc.tuple(fc.nat(conversation.length - 1), fc.nat(255)), { maxLength: 3 }), fc.nat(conversation.length), fc.boolean())
  .map(([changes, cut, twice]) => {
    const bytes = Buffer.from(conversation)
    for (const [at, octet] of changes) bytes[at] = octet
    const whole = twice ? Buffer.concat([bytes, bytes]) : bytes
    return whole.subarray(0, whole.length - cut)
  })

t.test('RFC 4271 §6 whatever a peer says: one answer at most, then silence; no fault of ours', async (t) => {
  const { speaker, port, dial, peer } = await lab(t)
  const good = peerConfig({ address: address('127.0.0.2'), port, passive: true })
  const bad = Array.from({ length: peers }, (_, i) =>
    peerConfig({ name: `p${i}`, address: address(`127.0.1.${i + 1}`), port, passive: true }),
  )
  speaker.setPeers([good, ...bad])
  await (await dial()).establish()
  const samples = fc.sample(noisy, { numRuns: peers, seed: 4271 })
  const endings = samples.map(async (bytes, i) => {
    const raw = await dial(`127.0.1.${i + 1}`)
    raw.send(bytes)
    raw.socket.end()
    const heard: string[] = []
    while (heard.at(-1) !== 'closed') heard.push((await raw.next()).type)
    return heard.filter((type) => type === 'notification').length
  })
  const notifications = await Promise.all(endings)
  t.ok(notifications.every((count) => count <= 1))
  await until(() => speaker.peers().filter(({ state }) => state === 'Established').length === 1)
  t.strictSame([speaker.faults, peer().state, peer().flaps], [0, 'Established', 0])
})
