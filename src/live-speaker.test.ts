import t from 'tap'
import type { DrainState, PeerConfig, SpeakerOptions } from '../bgp/peer.ts'
import { type Identity, LiveSpeaker, type ReplaceableSpeaker } from './live-speaker.ts'
import type { IpAddress } from './net/address.ts'
import { asn } from './net/asn.ts'
import type { Cidr } from './net/prefix.ts'

const address = '10.99.0.1' as IpAddress

function identity(asNumber: number): Identity {
  return {
    asNumber: asn(asNumber),
    routerId: 1,
    listenAddresses: [address],
    listenPort: 179,
    localAddress: { ipv4: address },
    restartTimeSec: 120,
  }
}

function peer(name: string): PeerConfig {
  const terms = {
    port: 179,
    passive: false,
    families: ['ipv4-unicast'],
    routeReflectorClient: false,
    holdTimeSec: 90,
    maxPrefixes: 0,
  } as const
  return { name, address, asNumber: asn(65_001), ...terms, import: 'all', export: 'local' }
}

const noRules = { 'ipv4-unicast': [], 'ipv6-unicast': [] }

/**
 * Speakers that write down what they are told; they retire when the test says so.
 * @param starting a start takes as long as this
 */
function setUp({ started = true, starting = Promise.resolve() } = {}) {
  const told: string[] = []
  const retired: (() => void)[] = []
  const make = ({ asNumber, restarting }: SpeakerOptions): ReplaceableSpeaker => {
    const tell = (what: string) => told.push(`${asNumber}: ${what}`)
    tell(restarting ? 'made, restarting' : 'made')
    return {
      listening: true,
      converged: Promise.resolve(),
      start: () => {
        tell('start')
        return starting
      },
      setPeers: (peers) => tell(`peers ${peers.map(({ name }) => name).join()}`),
      setPolicy: ({ filters = [] }) => tell(`policy ${filters.map(({ name }) => name).join()}`),
      setMonitors: ({ collectors }) => tell(`monitors ${collectors.map(({ name }) => name).join()}`),
      monitors: { collectors: [] },
      dump: () => [],
      explain: (prefix) => ({ prefix, family: 'ipv4-unicast', paths: [], peers: [] }),
      watchRoutes: async function* () {},
      originate: (prefixes) => tell(`originate ${prefixes.join()}`),
      drain: (state) => tell(`drain ${state}`),
      nextHopsChanged: async () => void tell('next hops'),
      reset: (peer) => {
        tell(`reset ${peer}`)
        return peer === 'a'
      },
      requestRefresh: (peer) => {
        tell(`refresh ${peer}`)
        return peer === 'a'
      },
      peers: () => [],
      routes: () => ({ routes: [], total: asNumber }),
      problems: () => [],
      retire: () => {
        tell('retire')
        return new Promise((resolve) => retired.push(resolve))
      },
      stop: async () => void tell('stop'),
    }
  }
  const speaker = new LiveSpeaker(identity(1), true, make)
  const ready = started ? speaker.start() : Promise.resolve()
  /** The retirement that was asked for is over; resolves when what follows has happened. */
  const retire = async () => {
    while (retired.length === 0) await new Promise((resolve) => setImmediate(resolve))
    retired.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { speaker, told, ready, retire }
}

t.test('peers change in place as long as the identity is the same', async (t) => {
  const { speaker, told, ready } = setUp()
  await ready
  speaker.configure(identity(1), [peer('a')])
  speaker.configure(identity(1), [peer('a'), peer('b')])
  t.strictSame(told, ['1: made, restarting', '1: start', '1: peers a', '1: peers a,b'])
})

t.test('another identity: the old speaker takes its routes back, then a new one is told what the old one knew', async (t) => {
  const { speaker, told, ready, retire } = setUp()
  await ready
  speaker.configure(identity(1), [peer('a')])
  speaker.setPolicy({ filters: [{ name: 'tor', import: noRules, export: noRules }] })
  speaker.originate(['10.244.1.0/24' as Cidr])
  speaker.drain('announced' satisfies DrainState)
  told.length = 0
  speaker.configure(identity(2), [peer('b')])
  await retire()
  t.strictSame(told, [
    '1: retire',
    '2: made',
    '2: policy tor',
    '2: originate 10.244.1.0/24',
    '2: drain announced',
    '2: peers b',
    '2: start',
  ])
  t.equal(speaker.routes({ table: 'best', limit: 1 }).total, 2)
})

t.test('a reset and a refresh are for the speaker of now', async (t) => {
  const { speaker, told, ready, retire } = setUp()
  await ready
  t.equal(speaker.reset('a'), true)
  speaker.configure(identity(2), [peer('a')])
  await retire()
  t.strictSame([speaker.reset('b'), speaker.requestRefresh('a'), speaker.requestRefresh('b')], [false, true, false])
  t.strictSame(
    told.filter((line) => /reset|refresh/.test(line)),
    ['1: reset a', '2: reset b', '2: refresh a', '2: refresh b'],
  )
})

t.test('peers that come while the old speaker retires are for the new one only', async (t) => {
  const { speaker, told, ready, retire } = setUp()
  await ready
  told.length = 0
  speaker.configure(identity(2), [peer('a')])
  speaker.configure(identity(2), [peer('a'), peer('b')])
  await retire()
  t.strictSame(
    told.filter((line) => line.includes('peers')),
    ['2: peers a,b'],
  )
})

t.test('peers that come while the new speaker starts are told to it', async (t) => {
  const { promise: starting, resolve } = Promise.withResolvers<void>()
  const { speaker, told, retire } = setUp({ starting })
  speaker.configure(identity(2), [peer('a')])
  await retire()
  speaker.configure(identity(2), [peer('a'), peer('b')])
  t.equal(told.at(-1), '2: peers a,b')
  resolve()
})

t.test('peers for the identity after the next are not told to the speaker in between', async (t) => {
  const { promise: starting, resolve } = Promise.withResolvers<void>()
  const { speaker, told, retire } = setUp({ starting })
  speaker.configure(identity(2), [peer('a')])
  await retire()
  speaker.configure(identity(3), [peer('a')])
  speaker.configure(identity(3), [peer('b')])
  t.notOk(told.includes('2: peers b'))
  resolve()
  await retire()
  t.strictSame(told.slice(-6), ['3: made', '3: policy ', '3: originate ', '3: drain none', '3: peers b', '3: start'])
})

t.test('a start while the old speaker retires starts only the new one', async (t) => {
  const { speaker, told, retire } = setUp({ started: false })
  speaker.configure(identity(2), [])
  await new Promise((resolve) => setImmediate(resolve))
  const ready = speaker.start()
  await retire()
  await ready
  t.strictSame(
    told.filter((line) => line.endsWith('start')),
    ['2: start'],
  )
})

t.test('of several identities in a row the last is taken', async (t) => {
  const { speaker, told, ready, retire } = setUp()
  await ready
  told.length = 0
  for (const asNumber of [2, 3, 4]) speaker.configure(identity(asNumber), [peer(`of-${asNumber}`)])
  await retire()
  t.strictSame(told, ['1: retire', '4: made', '4: policy ', '4: originate ', '4: drain none', '4: peers of-4', '4: start'])
})

t.test('an identity that changes before the start does not start anything', async (t) => {
  const { speaker, told, retire } = setUp({ started: false })
  speaker.configure(identity(2), [])
  await retire()
  t.notOk(told.some((line) => line.endsWith('start')))
  await speaker.start()
  t.equal(told.at(-1), '2: start')
})

t.test('stopped while the old speaker retires: no new one is made', async (t) => {
  const { speaker, told, ready, retire } = setUp()
  await ready
  speaker.configure(identity(2), [])
  await new Promise((resolve) => setImmediate(resolve))
  const stopped = speaker.stop()
  await retire()
  await stopped
  t.strictSame(told, ['1: made, restarting', '1: start', '1: retire', '1: stop'])
})
