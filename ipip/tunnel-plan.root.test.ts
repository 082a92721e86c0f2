/** The plan as real tools take it: written once, and read back as what was meant. */
import { pino } from 'pino'
import t from 'tap'
import { PolicyTables } from '../felix/iptables/policy-tables.ts'
import { makeNetns } from '../felix/test-netns.ts'
import { calico, stored } from '../src/model/sample-resources.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { TunnelGraph } from './tunnel-graph.ts'

const day = 86_400_000

function newPlan() {
  const graph = new TunnelGraph({ nodeName: 'node-a', nodeAddress: '10.99.0.1' as IpAddress })
  graph.put(stored(calico('IPPool', { cidr: '10.244.0.0/16', ipipMode: 'Always', natOutgoing: true }, { name: 'v4' })))
  graph.put(stored(calico('IPPool', { cidr: '10.2.0.1/32', blockSize: 32 }, { name: 'one' })))
  graph.put(stored(calico('IPPool', { cidr: 'fd00:244::/48', natOutgoing: true }, { name: 'v6' })))
  graph.put(stored(calico('Node', { bgp: { ipv4Address: '10.99.0.2/24' } }, { name: 'node-b' })))
  graph.setSettings({ externalNodes: ['192.0.2.0/24', '198.51.100.1/32', '0.0.0.0/0'] as Cidr[] })
  const { kernel } = graph.plan({ podCidrs: ['10.244.1.0/24'] as Cidr[], underlayMtu: 1500 })
  const { tunnelGuard } = kernel
  return {
    chains: [...kernel.chains, ...tunnelGuard.chains],
    hooks: [...kernel.hooks, ...tunnelGuard.hooks],
    ipSets: [...kernel.ipSets, ...tunnelGuard.ipSets],
  }
}

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`chains and sets of tunnel and NAT are written once, stay, and go whole (${backend})`, async (t) => {
    const netns = await makeNetns()
    t.teardown(() => netns.remove())
    let nowMs = 0
    const tables = new PolicyTables(backend, { run: netns.run, nowMs: () => nowMs, log: pino({ level: 'silent' }) })
    const first = await tables.apply(newPlan(), true)
    t.strictSame([...first.unprogrammed], [])
    t.ok(first.changed > 0)
    for (let check = 0; check < 3; check++) {
      nowMs += day // everything is read again
      t.strictSame(await tables.apply(newPlan(), true), { changed: 0, repaired: 0, unprogrammed: new Map() })
    }
    await tables.apply({ chains: [], hooks: [], ipSets: [] }, true)
    t.equal(await tables.removeUnused(), 7)
    t.equal(await netns.must('ipset', ['list', '-n']), '')
  })
}
