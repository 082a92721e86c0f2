import t, { type Test } from 'tap'
import { address, type Peer, path, RibLab } from '../rib/fixture.ts'
import { openMessage } from '../session/raw-peer.ts'
import type { SessionFacts } from '../session/session-facts.ts'
import { encodeNotification } from '../wire/notification.ts'
import { BmpCollector } from './bmp-collector.ts'
import { type BmpCollectorConfig, BmpStation } from './bmp-station.ts'

const node = {
  name: 'node-a',
  version: '1.0',
  asNumber: 65000,
  routerId: 0x0a00_0001,
  address: { ipv4: address('10.0.0.1'), ipv6: address('fd00::1') },
}

function sessionOf({ id, config }: Peer): SessionFacts {
  return {
    peer: id,
    name: config.name,
    address: config.address,
    asNumber: config.asNumber,
    routerId: 2,
    families: config.families,
    fourOctetAs: true,
    sinceMs: 0,
    localAddress: address('10.0.0.1'),
    localPort: 179,
    remotePort: 40_000,
    sent: openMessage({ routerId: 1 }),
    received: openMessage({ routerId: 2 }),
  }
}

async function start(t: Test, lab: RibLab, peers: readonly Peer[], config: Partial<BmpCollectorConfig> = {}) {
  const collector = await BmpCollector.listen()
  const sessions = [...peers]
  const lines: string[] = []
  const line = (fields: object, sentence: string) => void lines.push(`${sentence} ${JSON.stringify(fields)}`)
  const station = new BmpStation(
    { name: 'c', address: address('127.0.0.1'), port: collector.port, routes: ['received'], statisticsIntervalSec: 0, ...config },
    {
      node,
      reader: lab.rib.reader,
      counts: (peer, family) => lab.rib.counts(peer, family),
      sessions: () => sessions.map(sessionOf),
      log: { debug: line, info: line, warn: line, error: line },
      now: () => 0,
      random: () => 0,
    },
  )
  t.teardown(async () => {
    station.stop()
    await collector.close()
  })
  station.start()
  return { collector, station, sessions, lines }
}

const up = '10.0.0.1:179 40000 open 0.0.0.1 multiprotocol open 0.0.0.2 multiprotocol'
const ends = (lines: readonly string[]) => lines.filter((line) => line.includes(' end ')).length

t.test('a collector is told who we are, each session, its tables with End-of-RIB, then what changes', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { asNumber: 65001, address: address('10.0.0.2') })
  const b = lab.peer('b', { asNumber: 65000, address: address('fd00::3') })
  lab.originate(['10.1.0.0/16'])
  a.announce(['10.2.0.0/16', '10.3.0.0/16'], { med: 7 })
  a.announce(['10.4.0.0/16'], { asPath: path('65001 65000') })
  lab.settle()
  const { collector, station } = await start(t, lab, [a, b], { routes: ['received', 'accepted', 'advertised', 'best'] })
  await collector.until((lines) => ends(lines) === 14)
  const about = { a: '10.0.0.2 AS 65001', b: 'fd00::3 AS 65000' }
  const locRib = 'open 10.0.0.1 multiprotocol+multiprotocol+four-octet-as'
  t.strictSame(
    collector.lines.slice(0, 4),
    [
      'initiation sysDescr Tortie 1.0, sysName node-a',
      `up received ${about.a} ${up}`,
      `up received ${about.b} ${up}`,
      `up best AS 65000 0.0.0.0:0 0 ${locRib} ${locRib} 3=global`,
    ],
    'RFC 7854 §3.3: routes come after the sessions they belong to',
  )
  t.strictSame(
    collector.lines.slice(4).sort(),
    [
      `route received ${about.a} + 10.2.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7`,
      `route received ${about.a} + 10.3.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7`,
      `route received ${about.a} + 10.4.0.0/16 path 65001 65000, origin 0, via 10.0.0.2`,
      `route accepted ${about.a} + 10.2.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7, localPref 100`,
      `route accepted ${about.a} + 10.3.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7, localPref 100`,
      `route accepted ${about.a} - 10.4.0.0/16`,
      `route advertised ${about.a} + 10.1.0.0/16 path 65000, origin 0, via 10.0.0.1`,
      `route advertised ${about.b} + 10.1.0.0/16 origin 0, via 10.0.0.1, localPref 100`,
      `route advertised ${about.b} + 10.2.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7, localPref 100`,
      `route advertised ${about.b} + 10.3.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7, localPref 100`,
      'route best AS 65000 + 10.1.0.0/16 origin 0, via 10.0.0.1, localPref 100',
      'route best AS 65000 + 10.2.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7, localPref 100',
      'route best AS 65000 + 10.3.0.0/16 path 65001, origin 0, via 10.0.0.2, med 7, localPref 100',
      ...['received', 'accepted', 'advertised'].flatMap((view) =>
        Object.values(about).flatMap((peer) => ['ipv4', 'ipv6'].map((family) => `route ${view} ${peer} end ${family}-unicast`)),
      ),
      'route best AS 65000 end ipv4-unicast',
      'route best AS 65000 end ipv6-unicast',
    ].sort(),
  )
  const from = collector.lines.length
  a.withdraw(['10.3.0.0/16'])
  lab.settle()
  await collector.until((lines) => lines.length === from + 4)
  t.strictSame(collector.lines.slice(from).sort(), [
    `route accepted ${about.a} - 10.3.0.0/16`,
    `route advertised ${about.b} - 10.3.0.0/16`,
    'route best AS 65000 - 10.3.0.0/16',
    `route received ${about.a} - 10.3.0.0/16`,
  ])
  station.sessionDown(a.id, { reason: 'remote-notification', message: encodeNotification(6, 2) })
  lab.rib.sessionDown(a.id, [])
  lab.settle()
  await collector.until((lines) => lines.includes('route best AS 65000 - 10.2.0.0/16'))
  const told = collector.lines.slice(from + 4)
  t.equal(told[0], `down received ${about.a} remote notification 6/2`)
  t.notOk(
    told.some((line) => line.includes(`received ${about.a} -`)),
    'RFC 7854 §4.9: its routes are gone with it, without a word',
  )
  a.up({ families: ['ipv4-unicast'], fourOctetAs: true, maxMessageLength: 4096, remoteRouterId: 2, localAddress: address('10.0.0.1') })
  station.sessionUp(sessionOf(a))
  await collector.until((lines) => lines.at(-1)?.includes(' end ') ?? false)
  t.ok(collector.lines.filter((line) => line === `up received ${about.a} ${up}`).length === 2)
})

t.test('RFC 9069 §4.1: who is told the Loc-RIB alone hears of no peer', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce(['10.2.0.0/16'])
  lab.settle()
  const { collector, station } = await start(t, lab, [a], { routes: ['best'] })
  await collector.until((lines) => ends(lines) === 2)
  station.sessionDown(a.id, { reason: 'remote' })
  station.stop()
  await collector.until((lines) => lines.at(-1) === 'closed')
  t.notOk(collector.lines.some((line) => line.includes('10.0.0.2 AS')))
  t.equal(collector.lines.at(-2), 'termination 0', 'RFC 7854 §4.5')
})

t.test('RFC 7854 §4.8: statistics, as often as was asked for', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  lab.originate(['10.1.0.0/16'])
  a.announce(['10.2.0.0/16', '10.3.0.0/16'])
  lab.settle()
  const { collector } = await start(t, lab, [a], { routes: ['received', 'best'], statisticsIntervalSec: 0.01 })
  await collector.until((lines) => lines.filter((line) => line.startsWith('statistics')).length >= 4)
  const [first, second] = collector.lines.filter((line) => line.startsWith('statistics'))
  t.equal(first, 'statistics received 10.0.0.2 AS 65001 7=2 9 1/1=2 9 2/1=0 15=1 17 1/1=1 17 2/1=0')
  t.equal(second, 'statistics best AS 65000 8=3 10 1/1=3 10 2/1=0')
})

t.test('a collector that goes is dialled again, and told everything once more', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce(['10.2.0.0/16'])
  lab.settle()
  const { collector, station, lines } = await start(t, lab, [a])
  await collector.until((lines) => ends(lines) === 2)
  collector.sockets[0]?.destroy()
  await collector.until((lines) => ends(lines) === 4)
  t.equal(collector.lines.filter((line) => line.includes('+ 10.2.0.0/16')).length, 2)
  t.match(station.status, { connected: true, connects: 2 })
  t.strictSame(
    lines.map((line) => line.replace(/ \{.*/, '')),
    ['BMP collector connected', 'BMP collector lost', 'BMP collector connected'],
  )
})

t.test('a collector that is not there is told of once, and tried again', async (t) => {
  const lab = new RibLab()
  const gone = await BmpCollector.listen()
  const { port } = gone
  await gone.close()
  const { station, lines } = await start(t, lab, [], { port })
  const back = await until(async () => (lines.length > 0 ? await BmpCollector.listen(port) : undefined))
  t.teardown(() => back.close())
  t.match(station.problem, /^cannot be reached at 127\.0\.0\.1 port \d+: connect ECONNREFUSED .*; it is tried again\. Check/)
  await back.until((told) => told.length > 0)
  t.match(station.status, { connected: true, connects: 1 })
  t.equal(station.problem, undefined)
  t.match(lines[0], /^BMP collector cannot be reached .*ECONNREFUSED/)
})

t.test('input 68: a collector that does not read costs what the tables cost, whatever happens meanwhile', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const prefixes = Array.from({ length: 1_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  const long = path(Array.from({ length: 200 }, (_, i) => 100_000 + i).join(' '))
  const announce = (round: number) => {
    for (const [i, prefix] of prefixes.entries()) a.announce([prefix], { asPath: [...path(`65001 ${round} ${i + 1}`), ...long] })
    lab.settle()
  }
  const { collector, station } = await start(t, lab, [a])
  await collector.until((lines) => ends(lines) === 2)
  collector.sockets[0]?.pause()
  const unread: number[] = []
  let rounds = 0
  for (let full = 0; full < 10; full += (unread.at(-1) ?? 0) >= 256 * 1024 ? 1 : 0) {
    announce(++rounds)
    await new Promise((resolve) => setImmediate(resolve))
    unread.push(station.status.unread)
  }
  t.ok(Math.max(...unread) < 512 * 1024, 'once its window is full hardly more is encoded')
  collector.sockets[0]?.resume()
  const known = new Map<string, string>()
  const newest = (i: number) => `65001 ${rounds} ${i + 1} 100000 `
  let read = 0
  await collector.until((lines) => {
    for (; read < lines.length; read++) {
      const [, prefix = '', asPath = ''] = / \+ (\S+) path (\d+ \d+ \d+ \d+ )/.exec(lines[read] ?? '') ?? []
      known.set(prefix, asPath)
    }
    return known.get(prefixes.at(-1) ?? '') === newest(999)
  })
  t.strictSame(
    prefixes.filter((prefix, i) => known.get(prefix) !== newest(i)),
    [],
    'in the end it knows what is there',
  )
})

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}
