/** RFC 2545 §2, §3: link-local next hops, which are addresses only together with the link of the peer that told them. */
import t from 'tap'
import type { PeerConfig } from '../peer.ts'
import { address, octets, RibLab, ribOptions, type Sent } from './fixture.ts'

const prefix = '2001:db8:1::/48'
const both = (global: string, linkLocal: string) => Uint8Array.of(...octets(global), ...octets(linkLocal))

/** This node is on fd00::/64 by eth0; link-local addresses it reaches with their link alone. */
class Lab extends RibLab {
  connected = 'fd00::'
  readonly ways = new Map<string, string>()

  constructor() {
    const isConnected = (nextHop: string) => nextHop.startsWith(this.connected) || nextHop.includes('%')
    super(ribOptions, {
      nextHopMetric: (nextHop) => (isConnected(nextHop) ? 0 : undefined),
      isConnected,
      interfaceOf: (nextHop) => (nextHop.startsWith('fd00::') ? 'eth0' : undefined),
      onBest: (batch) => {
        for (const id of [...batch.ids].slice(0, batch.count)) {
          const hops = batch.nextHopsOf(id).map((hop) => `${hop.address} over ${hop.gateways.join()}`)
          if (hops.length === 0) this.ways.delete(batch.table.format(id))
          else this.ways.set(batch.table.format(id), hops.toSorted().join(' and '))
        }
      },
    })
  }

  way(of = prefix): string | undefined {
    this.settle()
    return this.ways.get(of)
  }
}

const onEth1: Partial<PeerConfig> = { address: address('fe80::1'), interface: 'eth1' }
const onSubnet: Partial<PeerConfig> = { address: address('fd00::2') }
const behindRouter: Partial<PeerConfig> = { address: address('2001:db8::9'), multihop: 2 }
const far = octets('2001:db8::2')

const table: [title: string, peer: Partial<PeerConfig>, nextHop: Uint8Array, way: string | undefined][] = [
  ['alone, on a link-local session', onEth1, octets('fe80::2'), 'fe80::2%eth1 over fe80::2%eth1'],
  ['alone, on a session over a subnet', onSubnet, octets('fe80::2'), 'fe80::2%eth0 over fe80::2%eth0'],
  ['alone, from a peer on no subnet', behindRouter, octets('fe80::2'), undefined],
  ['behind ::', onEth1, both('::', 'fe80::2'), 'fe80::2%eth1 over fe80::2%eth1'],
  ['twice', onEth1, both('fe80::2', 'fe80::2'), 'fe80::2%eth1 over fe80::2%eth1'],
  ['behind a global one on no subnet', onEth1, both('2001:db8::2', 'fe80::2'), '2001:db8::2 over fe80::2%eth1'],
  ['behind a global one on a subnet', onEth1, both('fd00::3', 'fe80::2'), 'fd00::3 over fd00::3'],
  ['behind a global one on no subnet, from a peer on none', behindRouter, both('2001:db8::2', 'fe80::2'), undefined],
  ['none: a global one on no subnet', onEth1, far, undefined],
]
for (const [title, peer, nextHop, way] of table)
  t.test(`a link-local next hop ${title}`, async (t) => {
    const lab = new Lab()
    lab.peer('a', peer).announce([prefix], { nextHop })
    t.equal(lab.way(), way)
  })

t.test('equal attributes from two links lead two ways', async (t) => {
  const lab = new Lab()
  const sent: Sent = { nextHop: octets('fe80::2') }
  lab.peer('a', onEth1).announce(['2001:db8:1::/48'], sent)
  lab.peer('b', { ...onEth1, interface: 'eth2' }).announce(['2001:db8:2::/48'], sent)
  t.equal(lab.way('2001:db8:1::/48'), 'fe80::2%eth1 over fe80::2%eth1')
  t.equal(lab.way('2001:db8:2::/48'), 'fe80::2%eth2 over fe80::2%eth2')
})

t.test('what an import policy makes of a route is on the same link', async (t) => {
  const lab = new Lab()
  lab.rib.setPolicy({})
  lab.peer('a', onEth1).announce([prefix], { nextHop: octets('fe80::2'), communities: [0xffff_0000] })
  t.equal(lab.way(), 'fe80::2%eth1 over fe80::2%eth1')
})

t.test('a subnet that comes makes the global next hop its own gateway, and the link-local one when it goes', async (t) => {
  const lab = new Lab()
  lab.peer('a', onEth1).announce([prefix], { nextHop: both('2001:db8::2', 'fe80::2') })
  t.equal(lab.way(), '2001:db8::2 over fe80::2%eth1')
  lab.connected = '2001:db8:'
  lab.rib.nextHopsChanged()
  t.equal(lab.way(), '2001:db8::2 over 2001:db8::2')
  lab.connected = 'fd00::'
  lab.rib.nextHopsChanged()
  t.equal(lab.way(), '2001:db8::2 over fe80::2%eth1')
})

t.test('what a route with a link-local next hop covers is reached over it', async (t) => {
  const lab = new Lab()
  const a = lab.peer('a', { ...onEth1, asNumber: 65000 })
  a.announce(['2001:db8::/48'], { nextHop: octets('fe80::2') })
  a.announce([prefix], { nextHop: far })
  t.equal(lab.way(), '2001:db8::2 over fe80::2%eth1')
})
