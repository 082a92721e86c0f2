/** Engines with real sockets on loopback. */
import { createSocket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { address } from '../session/fixture.ts'
import { encodeControlPacket } from './control-packet.ts'
import { type Forged, forge, loopback, TestEngine } from './engine.fixture.ts'
import { packet } from './fixture.ts'
import type { Report } from './message.ts'

t.setTimeout(300_000)

const single = 3784
const multi = 4784

t.test('RFC 5881: two engines come up with each other; one that is removed says AdminDown, and that is no failure', async (t) => {
  const [a, b] = [await TestEngine.create(t, 1), await TestEngine.create(t, 2)]
  a.start(1, 2)
  b.start(7, 1)
  const [ours, theirs] = [await a.up(1), await b.up(7)]
  t.strictSame([ours.local, ours.remote], [theirs.remote, theirs.local])
  a.obey({ type: 'remove', id: 1 })
  const closed = await b.until((report) => report.type === 'changed' && report.view.remote?.state === 'AdminDown')
  t.match(closed, { id: 7, view: { state: 'Down', diagnostic: 3, remote: { diagnostic: 7 } }, counts: { ups: 1, downs: 0 } })
})

t.test('an engine that ends says AdminDown to all', async (t) => {
  const [a, b] = [await TestEngine.create(t, 3), await TestEngine.create(t, 4)]
  a.start(1, 4)
  b.start(1, 3)
  await Promise.all([a.up(1), b.up(1)])
  a.obey({ type: 'end' })
  t.match(await b.until((report) => report.type === 'changed' && report.view.remote?.state === 'AdminDown'), { counts: { downs: 0 } })
})

t.test('a session that begins anew right after it was removed comes up: the farewell of the old one does not reach it', async (t) => {
  const [a, b] = [await TestEngine.create(t, 5), await TestEngine.create(t, 6)]
  a.start(1, 6)
  b.start(1, 5)
  await Promise.all([a.up(1), b.up(1)])
  a.obey({ type: 'remove', id: 1 })
  a.start(2, 6)
  const again = await a.up(2)
  t.equal((await b.until((report) => isUpWith(report, again.local))).type, 'changed')
})

/** What must not end a session that is Up, and beside it the same that does: else the test would prove nothing. */
const attacks: [title: string, hosts: [ours: number, peer: number], ignored: Partial<Forged>, multihop: { minTtl?: number } | undefined][] =
  [
    ['RFC 5881 §5: a packet with TTL 254 is not heard', [11, 12], { ttl: 254 }, undefined],
    ['RFC 5881 §5: nor one that came by the port for several hops', [13, 14], { port: multi }, undefined],
    ['RFC 5883 with GTSM: a packet from too far is not heard', [15, 16], { ttl: 252 }, { minTtl: 253 }],
    ['RFC 5883 with GTSM: nor one from another address, which no rule is for', [17, 18], { from: 99, ttl: 1 }, { minTtl: 253 }],
    ['RFC 5883: nor one from another address without GTSM', [19, 20], { from: 99 }, {}],
  ]
for (const [title, [ours, peer], ignored, multihop] of attacks) {
  t.test(title, async (t) => {
    const [a, b] = [await TestEngine.create(t, ours), await TestEngine.create(t, peer)]
    const place = multihop === undefined ? {} : { multihop: true, ...multihop }
    a.start(1, peer, place)
    b.start(1, ours, place)
    a.start(2, 98, { multihop: true }) // so that both ports are open
    const { local, remote } = await a.up(1)
    await b.up(1)
    const down = packet({ state: 'Down', myDiscriminator: remote, yourDiscriminator: local, diagnostic: 9 })
    const heard: Forged = { from: peer, to: ours, port: multihop === undefined ? single : multi, ttl: 255 }
    await forge({ ...heard, ...ignored }, { ...down, diagnostic: 6 })
    await forge(heard, { ...down, state: 'Up', diagnostic: 10 }) // arrives after it
    await a.until((report) => report.type === 'changed' && report.view.remote?.diagnostic === 10)
    t.equal(a.state(1), 'Up')
    await forge(heard, down)
    const failed = await a.until((report) => report.type === 'changed' && report.counts.downs > 0)
    t.match(failed, { counts: { downs: 1, downDiagnostic: 3 } }, 'once, by the one that may be heard')
  })
}

t.test('§6.8.6: a packet for an unknown discriminator is not heard, whoever sends it', async (t) => {
  const a = await TestEngine.create(t, 21)
  a.start(1, 22)
  const heard: Forged = { from: 22, to: 21, port: single, ttl: 255 }
  await forge(heard, packet({ state: 'Init', yourDiscriminator: 5 }))
  await forge(heard, packet({ state: 'Down', yourDiscriminator: 0 }))
  const view = await a.until((report) => report.type === 'changed' && report.view.remote !== undefined)
  t.match(view, { view: { state: 'Init' } })
})

t.test('§6.8.6: what is discarded of a peer is told with its reason, once for each', async (t) => {
  const a = await TestEngine.create(t, 23)
  a.start(1, 24)
  const heard: Forged = { from: 24, to: 23, port: single, ttl: 255 }
  const signed = Uint8Array.of(...encodeControlPacket(packet()), 1, 2)
  signed[1] = (signed[1] ?? 0) | 0x04
  signed[3] = 26
  for (let n = 0; n < 3; n++) await forge(heard, signed)
  for (let n = 0; n < 3; n++) await forge(heard, new Uint8Array(3))
  await forge(heard, signed)
  await forge({ ...heard, from: 99 }, new Uint8Array(0))
  await forge(heard, packet({ state: 'Down', yourDiscriminator: 0 }))
  await a.until((report) => report.type === 'changed' && report.view.state === 'Init')
  t.strictSame(
    a.reports.flatMap((report) => (report.type === 'discarded' ? [[report.id, report.reason]] : [])),
    [
      [1, 'authentication'],
      [1, 'length'],
    ],
  )
})

t.test('a port that is taken is a problem that is told, and the session comes up once it is free', async (t) => {
  const squatter = createSocket('udp4')
  await new Promise<void>((resolve) => squatter.bind({ port: single, address: loopback(25), exclusive: true }, resolve))
  const [a, b] = [await TestEngine.create(t, 25), await TestEngine.create(t, 26)]
  a.start(1, 26)
  b.start(1, 25)
  const told = await a.until((report) => report.type === 'problem')
  t.match(told, { problem: `cannot receive on port 3784: bind ${loopback(25)} port 3784: EADDRINUSE` })
  await new Promise<void>((resolve) => squatter.close(resolve))
  await Promise.all([a.up(1), b.up(1)])
  t.match(
    a.reports.filter((report) => report.type === 'problem'),
    [{ problem: /./ }, { problem: undefined }],
  )
})

t.test('an address that is not ours is a problem that is told', async (t) => {
  const a = await TestEngine.create(t, 27)
  a.start(1, 28, { local: address('192.0.2.1') })
  t.match(await a.until((report) => report.type === 'problem'), { problem: /EADDRNOTAVAIL/ })
})

t.test('sessions of one address share its socket, and it goes with the last of them', async (t) => {
  const a = await TestEngine.create(t, 29)
  a.start(1, 30)
  a.start(2, 31)
  const heard: Forged = { from: 31, to: 29, port: single, ttl: 255 }
  a.obey({ type: 'remove', id: 1 })
  await forge(heard, packet({ state: 'Down', yourDiscriminator: 0 }))
  await a.until((report) => report.type === 'changed' && report.id === 2 && report.view.state === 'Init')
  a.obey({ type: 'remove', id: 2 })
  const free = createSocket('udp4')
  await new Promise<void>((resolve) => free.bind({ port: single, address: loopback(29), exclusive: true }, resolve))
  t.equal(free.address().port, single)
  await new Promise<void>((resolve) => free.close(resolve))
})

t.test('§6.8.1: discriminators are unique and not 0, and so are source ports, also where chance gives the same ones again', async (t) => {
  const coarse = () => Math.floor(Math.random() * 128) / 128
  const a = await TestEngine.create(t, 33, coarse)
  const b = await TestEngine.create(t, 34)
  for (let id = 1; id <= 60; id++) a.start(id, 100 + id)
  const discriminators = a.reports.flatMap((report) => (report.type === 'changed' ? [report.view.localDiscriminator] : []))
  t.equal(new Set(discriminators).size, 60)
  t.notOk(discriminators.includes(0))
  a.start(61, 34)
  b.start(1, 33)
  await a.up(61)
  t.notOk(
    a.reports.some((report) => report.type === 'problem'),
    'each has its port',
  )
})

t.test('a session that flaps with every packet is told of ten times a second at most, and nothing is forgotten', async (t) => {
  const a = await TestEngine.create(t, 35)
  a.start(1, 36)
  const heard: Forged = { from: 36, to: 35, port: single, ttl: 255 }
  const first = a.reports.find((report) => report.type === 'changed')
  const local = first?.type === 'changed' ? first.view.localDiscriminator : 0
  const beganMs = performance.now()
  for (let n = 0; n < 200; n++) {
    await forge(heard, packet({ state: 'Init', yourDiscriminator: local }))
    await forge(heard, packet({ state: 'Down', yourDiscriminator: local }))
  }
  const last = await a.until((report) => report.type === 'changed' && report.counts.downs === 200)
  t.match(last, { counts: { ups: 200, downs: 200, downDiagnostic: 3 } })
  const told = a.reports.filter((report) => report.type === 'changed').length
  t.ok(told <= 2 + (performance.now() - beganMs) / 100, `${told} reports`)
})

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))
t.test('IPv6: packets go out with the hop limit that is heard', { skip: hasIpv6 ? false : 'no ::1 here' }, async (t) => {
  const a = await TestEngine.create(t, 32)
  const self = address('::1')
  a.start(1, 0, { remote: self, local: self })
  await a.up(1) // it hears itself
})

function isUpWith(report: Report, discriminator: number): boolean {
  return report.type === 'changed' && report.view.state === 'Up' && report.view.remote?.discriminator === discriminator
}
