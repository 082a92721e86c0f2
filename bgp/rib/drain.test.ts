/** RFC 8326 §4.2: a router that goes marks the routes it originates, waits, and withdraws them; its sessions stay. */
import t from 'tap'
import type { DrainState } from '../peer.ts'
import { address, octets, RibLab } from './fixture.ts'

const gracefulShutdown = 0xffff_0000
const prefix = '10.244.1.0/24'

function draining(...states: readonly DrainState[]) {
  const lab = new RibLab()
  const outside = lab.peer('outside', { asNumber: 65002, address: address('10.0.0.3') }, { remoteRouterId: 3 })
  const inside = lab.peer('inside', { asNumber: 65000, address: address('10.0.0.4') }, { remoteRouterId: 4 })
  lab.originate([prefix, 'fd00:244::/64'])
  const known = (): object => {
    lab.settle()
    return { outside: outside.known, inside: inside.known }
  }
  known()
  for (const state of states) {
    lab.rib.drain(state)
    known()
  }
  return { lab, outside, inside, known }
}

const announced = {
  outside: {
    [prefix]: `path 65000, origin 0, via 10.0.0.1, communities ${gracefulShutdown}`,
    'fd00:244::/64': `path 65000, origin 0, via fd00::1, communities ${gracefulShutdown}`,
  },
  inside: {
    [prefix]: `origin 0, via 10.0.0.1, localPref 0, communities ${gracefulShutdown}`,
    'fd00:244::/64': `origin 0, via fd00::1, localPref 0, communities ${gracefulShutdown}`,
  },
}
const plain = {
  outside: { [prefix]: 'path 65000, origin 0, via 10.0.0.1', 'fd00:244::/64': 'path 65000, origin 0, via fd00::1' },
  inside: { [prefix]: 'origin 0, via 10.0.0.1, localPref 100', 'fd00:244::/64': 'origin 0, via fd00::1, localPref 100' },
}
const nothing = { outside: {}, inside: {} }

const table: [title: string, states: readonly DrainState[], expected: object][] = [
  ['RFC 8326 §4.2: own routes carry GRACEFUL_SHUTDOWN, inside LOCAL_PREF 0 as well', ['announced'], announced],
  ['RFC 8326 §4.2: then they are withdrawn', ['announced', 'withdrawn'], nothing],
  ['withdrawn at once', ['withdrawn'], nothing],
  ['undone while announced: as before', ['announced', 'none'], plain],
  ['undone after the withdrawal: as before', ['announced', 'withdrawn', 'none'], plain],
  ['announced again after the withdrawal', ['withdrawn', 'announced'], announced],
]
for (const [title, states, expected] of table) t.test(title, async (t) => t.strictSame(draining(...states).known(), expected))

t.test('RFC 8326 §4.2: each own route is told once per step, without a withdrawal in between', async (t) => {
  const { lab, outside } = draining()
  const before = outside.reader.events.length
  lab.rib.drain('announced')
  lab.settle()
  outside.reader.readAll()
  t.strictSame(outside.reader.events.slice(before).toSorted(), [`+ ${prefix}`, '+ fd00:244::/64'])
  lab.rib.drain('announced')
  lab.settle()
  outside.reader.readAll()
  t.equal(outside.reader.events.length, before + 2)
})

t.test('what begins to be originated during a drain is told in its state', async (t) => {
  const { lab, outside } = draining('announced')
  lab.originate([prefix, '10.244.9.9/32'])
  lab.settle()
  t.strictSame(outside.known, {
    [prefix]: announced.outside[prefix],
    '10.244.9.9/32': announced.outside[prefix],
  })
  lab.rib.drain('withdrawn')
  lab.originate([prefix, '10.244.9.9/32', '10.244.9.10/32'])
  lab.settle()
  t.strictSame(outside.known, {})
})

t.test('a session that comes up during a drain is told the same, End-of-RIB included', async (t) => {
  const { lab } = draining('withdrawn')
  const late = lab.peer('late', { asNumber: 65009, address: address('10.0.0.9') }, { remoteRouterId: 9 })
  lab.settle()
  t.strictSame([late.known, late.reader.events.toSorted()], [{}, ['end ipv4-unicast', 'end ipv6-unicast']])
})

t.test('a withdrawn own prefix stays ours: a path of somebody else is neither used nor told', async (t) => {
  const { lab, outside, inside } = draining('withdrawn')
  outside.announce([prefix], { nextHop: octets('10.0.0.3') })
  lab.settle()
  t.strictSame([lab.best.size, inside.known], [0, {}])
  t.match(lab.rib.query({ table: 'best', limit: 1 }).routes, [
    { prefix, decidedBy: 'local', paths: [{ peer: 'local', communities: ['no-advertise'], best: true }, { peer: 'outside' }] },
  ])
})

t.test('routes of others are passed on unchanged', async (t) => {
  const { lab, outside, inside } = draining()
  outside.announce(['203.0.113.0/24'], { nextHop: octets('10.0.0.3') })
  lab.settle()
  const before = inside.known['203.0.113.0/24']
  t.ok(before)
  lab.rib.drain('withdrawn')
  lab.settle()
  t.strictSame(inside.known, { '203.0.113.0/24': before })
})
