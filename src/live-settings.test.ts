import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openEmbedded } from './datastore/embedded.ts'
import { LiveSettings } from './live-settings.ts'
import type { Resource } from './model/resource.ts'
import { calico, stored } from './model/sample-resources.ts'
import { nodeFacts } from './node-facts.ts'
import type { EffectiveSettings } from './settings/effective-settings.ts'
import { config, here } from './settings/fixture.ts'

async function setUp(t: Test, file = '') {
  const directory = await mkdtemp(join(tmpdir(), 'tortie-'))
  const opened = await openEmbedded(directory)
  if (opened.type !== 'open') throw new Error(opened.problem)
  const store = opened.datastore
  const changes: EffectiveSettings[] = []
  const settings = { config: config(file), passwords: new Map<string, string>() }
  const live = new LiveSettings(settings, here, { store, onChange: (now) => changes.push(now) })
  live.start()
  t.teardown(async () => {
    live.stop()
    await store.close()
    await rm(directory, { recursive: true })
  })
  const put = async (...resources: readonly Resource[]) => {
    await store.commit(resources.map((resource) => ({ type: 'put', resource })))
  }
  return { live, store, changes, put, settings }
}

const bgp = (spec: object, name = 'default') => stored(calico('BGPConfiguration', spec, { name }))

t.test('a stored resource is taken when it comes, changes and goes; what concerns no setting is not looked at', async (t) => {
  const { live, store, changes, put } = await setUp(t)
  await put(bgp({ asNumber: 65_001 }))
  await put(stored(calico('Tier', {})))
  await put(bgp({ asNumber: 65_002 }))
  await store.commit([{ type: 'delete', ref: { group: 'projectcalico.org', kind: 'BGPConfiguration', namespace: '', name: 'default' } }])
  t.strictSame(
    changes.map(({ bgp }) => bgp.asNumber),
    [65_001, 65_002, 64_512],
  )
  t.equal(live.current, changes.at(-1))
})

t.test('what was stored between making and start is known at the start', async (t) => {
  const { store, put, settings } = await setUp(t)
  const live = new LiveSettings(settings, here, { store, onChange: () => t.fail('nothing came after the start') })
  await put(bgp({ asNumber: 65_001 }))
  live.start()
  t.teardown(() => live.stop())
  t.equal(live.current.bgp.asNumber, 65_001)
})

t.test('a change that changes nothing for this node is no change', async (t) => {
  const { changes, put } = await setUp(t, 'bgp: {asNumber: 65001}')
  await put(bgp({ asNumber: 65_009 }), bgp({ listenPort: 1790 }, 'node.node-b'))
  t.strictSame(changes, [])
})

t.test('a BGPFilter or a pool that is not exported is taken when it comes and goes; a missing filter is told until then', async (t) => {
  const { live, store, changes, put } = await setUp(t, 'bgp: {peers: [{name: tor, address: 10.99.0.9, asNumber: 1, import: from-tor}]}')
  const missing = () => live.problems.filter(({ subject }) => subject === 'bgpfilter/from-tor').length
  t.equal(missing(), 1)
  await put(stored(calico('BGPFilter', { importV4: [{ action: 'Reject' }] }, { name: 'from-tor' })))
  t.equal(missing(), 0)
  await put(stored(calico('IPPool', { cidr: '10.1.0.0/16', disableBGPExport: true })))
  await store.commit([{ type: 'delete', ref: { group: 'projectcalico.org', kind: 'BGPFilter', namespace: '', name: 'from-tor' } }])
  t.equal(missing(), 1)
  t.strictSame(
    changes.map(({ policy }) => [policy.filters?.map(({ name }) => name), policy.notExported]),
    [
      [['from-tor'], undefined],
      [['from-tor'], ['10.1.0.0/16']],
      [[], ['10.1.0.0/16']],
    ],
  )
  t.equal(changes[0]?.policy.filters?.[0], changes[1]?.policy.filters?.[0], 'what stays the same is the same object')
})

t.test('the configuration file read again is one more source', async (t) => {
  const { live, changes, put, settings } = await setUp(t)
  await put(bgp({ asNumber: 65_001, listenPort: 1790 }))
  live.change({ ...settings, config: config('bgp: {asNumber: 65002}') })
  t.match(changes.at(-1)?.bgp, { asNumber: 65_002, listenPort: 1790 })
})

t.test('what has no effect, loses, or needs a restart is told as long as it is so', async (t) => {
  const { live, put } = await setUp(t, 'bgp: {peers: [{name: tor, address: 10.99.0.9, asNumber: 1}]}')
  const peer = (asNumber: number, peerIP: string) => stored(calico('BGPPeer', { peerIP, asNumber }, { name: 'p' }))
  await put(
    stored(calico('IPReservation', { reservedCIDRs: ['10.0.0.0/8'] }, { name: 'all' })),
    stored(calico('Node', { bgp: { ipv4Address: '10.99.0.7/24' } }, { name: 'node-a' })),
    peer(1, '10.99.0.9'),
  )
  t.strictSame(
    live.problems.map(({ subject }) => subject),
    ['node/ipv4', 'bgppeer/p', 'ipreservation/all'],
  )
  await put(peer(1, '10.99.0.8'), stored(calico('Node', { bgp: { ipv4Address: '10.99.0.1/24' } }, { name: 'node-a' })))
  t.strictSame(
    live.problems.map(({ subject }) => subject),
    ['ipreservation/all'],
  )
})

const machine = {
  hostName: 'node-a',
  hasIpv6: true,
  copiesPackets: true,
  connected: [
    { device: 'cali1', address: here.addresses.ipv4.address, subnet: { family: 4, bytes: Uint8Array.of(10, 99, 0, 0), length: 24 } },
    { device: 'eth0', address: here.addresses.ipv4.address, subnet: { family: 4, bytes: Uint8Array.of(10, 99, 0, 0), length: 24 } },
  ] as const,
}

t.test('INTERFACE §4: the node’s addresses are those of the file, then of its Node resource, then of the machine', async (t) => {
  const { store, put } = await setUp(t)
  const facts = (file: string) => nodeFacts(config(file), store, machine)
  const found = facts('')
  t.match(found, { name: 'node-a', addresses: { ipv4: { address: '10.99.0.1', length: 24 } } })
  t.match(found?.notes, [{ subject: 'node/ipv4', message: /eth0/ }], 'and how it was found is said')
  await put(stored(calico('Node', { bgp: { ipv4Address: '10.98.0.1/16', ipv6Address: 'fd98::1/64' } }, { name: 'node-a' })))
  t.match(facts(''), { addresses: { ipv4: { address: '10.98.0.1', length: 16 }, ipv6: { address: 'fd98::1' } }, notes: [] })
  t.match(facts('node: {ipv4: 10.97.0.1/24}')?.addresses, { ipv4: { address: '10.97.0.1' }, ipv6: { address: 'fd98::1' } })
  t.match(nodeFacts(config(''), store, { ...machine, hasIpv6: false })?.notes, [
    { subject: 'node/ipv6', message: 'fd98::1 cannot be used: the kernel has no IPv6 (ipv6.disable=1?)' },
  ])
  t.equal(nodeFacts(config('node: {name: other}'), store, { ...machine, connected: [] }), undefined, 'nothing to be found')
})
