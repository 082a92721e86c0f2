import t from 'tap'
import { type IpPool, isIpPool } from '../src/model/ip-pool.ts'
import type { NodeSpec } from '../src/model/node.ts'
import { calico, stored } from '../src/model/sample-resources.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { planTunnel, type TunnelInput } from './tunnel-plan.ts'

const input: TunnelInput = {
  nodeName: 'node-a',
  nodeAddress: '10.99.0.1' as IpAddress,
  podCidrs: ['10.244.1.0/24'] as Cidr[],
  pools: pools({ cidr: '10.244.0.0/16', ipipMode: 'Always' }),
  nodes: new Map<string, NodeSpec>([
    ['node-a', { bgp: { ipv4Address: '10.99.0.1/24' } }],
    ['node-b', { bgp: { ipv4Address: '10.99.0.2/24' } }],
  ]),
  peers: ['10.98.0.7' as IpAddress],
  settings: {},
  underlayMtu: 1500,
}

t.test('a pool that wants it has the tunnel made', async (t) => {
  const { kernel, encapsulation, originated, problems } = planTunnel(input)
  t.strictSame(kernel.tunnels, [{ type: 'ipip', name: 'tunl0', address: '10.244.1.0', mtu: 1480 }])
  t.strictSame(kernel.sysctls, [
    { path: 'net/ipv4/conf/tunl0/forwarding', value: '1', link: 'tunl0' },
    { path: 'net/ipv4/conf/tunl0/rp_filter', value: '2', link: 'tunl0' },
  ])
  t.strictSame([...encapsulation.tunnelTo], ['10.98.0.7', '10.99.0.2'], 'all known nodes but this one')
  t.equal(encapsulation.modes.of(0x0af4_0200, 24), 'Always')
  t.strictSame(originated, ['10.244.1.0/32'])
  t.strictSame(problems, [])
  t.strictSame([kernel.ipSets.length, kernel.tunnelGuard.ipSets.length], [0, 3])
})

const without: [title: string, change: Partial<TunnelInput>, problems: readonly object[], mode: string][] = [
  ['no pool wants it', { pools: pools({ cidr: '10.244.0.0/16' }, { cidr: 'fd00::/48' }) }, [], 'Never'],
  ['no pool at all', { pools: new Map() }, [], 'Never'],
  [
    '§6.13 ipipEnabled is false: packets go directly',
    { settings: { enabled: false } },
    [
      {
        severity: 'warning',
        subject: 'ipip',
        message: 'ipipEnabled of FelixConfiguration is false: packets to IPPool p0 are sent without a tunnel',
      },
    ],
    'Never',
  ],
  [
    'this node has no tunnel address: packets go nowhere, rather than unwrapped',
    {
      podCidrs: ['fd00:1::/64'] as Cidr[],
      pools: pools({ cidr: '10.244.0.0/16', ipipMode: 'Always' }, { cidr: '10.1.0.0/16', ipipMode: 'CrossSubnet' }),
    },
    [
      {
        severity: 'error',
        subject: 'ipip',
        message:
          'IPPool p0 and 1 more asks for IP-in-IP, but this node has no tunnel address: set spec.bgp.ipv4IPIPTunnelAddr of Node node-a or give the node an IPv4 pod CIDR',
      },
    ],
    'Always',
  ],
]
for (const [title, change, problems, mode] of without) {
  t.test(`no tunnel: ${title}`, async (t) => {
    const plan = planTunnel({ ...input, ...change })
    const { tunnelGuard, ...kernel } = plan.kernel
    t.strictSame(kernel, { tunnels: [], sysctls: [], chains: [], hooks: [], ipSets: [] })
    t.equal(tunnelGuard.chains.length, 3, 'for a device that is still there')
    t.strictSame([...plan.encapsulation.tunnelTo], [])
    t.equal(plan.encapsulation.modes.of(0x0af4_0200, 24), mode)
    t.strictSame(plan.originated, [])
    t.strictSame(plan.problems, problems)
  })
}

t.test('the Node resource gives the tunnel address, FelixConfiguration the MTU and further sources', async (t) => {
  const { kernel, originated } = planTunnel({
    ...input,
    nodes: new Map<string, NodeSpec>([['node-a', { bgp: { ipv4IPIPTunnelAddr: '10.9.9.9' } }]]),
    settings: { enabled: true, mtu: 1400, externalNodes: ['192.0.2.0/24'] as Cidr[] },
  })
  t.strictSame(kernel.tunnels, [{ type: 'ipip', name: 'tunl0', address: '10.9.9.9', mtu: 1400 }])
  t.strictSame([...(kernel.tunnelGuard.ipSets[0]?.members ?? [])], ['10.98.0.7/32', '192.0.2.0/24'])
  t.strictSame(originated, ['10.9.9.9/32'])
})

t.test('§6.8: a disabled pool gives no addresses, but encapsulation continues', async (t) => {
  const disabled = pools({ cidr: '10.244.0.0/16', ipipMode: 'CrossSubnet', disabled: true })
  const { kernel, encapsulation } = planTunnel({ ...input, pools: disabled })
  t.equal(kernel.tunnels.length, 1)
  t.equal(encapsulation.modes.of(0x0af4_0200, 24), 'CrossSubnet')
})

t.test('natOutgoing is a matter of pools, not of tunnels', async (t) => {
  const plain = planTunnel({ ...input, pools: pools({ cidr: '10.244.0.0/16', natOutgoing: true }) })
  t.strictSame(
    plain.kernel.chains.map(({ table, name }) => `${table} ${name}`),
    ['nat tort-nat-outgoing'],
  )
  const both = planTunnel({ ...input, pools: pools({ cidr: '10.244.0.0/16', natOutgoing: true, ipipMode: 'Always' }) })
  t.equal(both.kernel.tunnels.length, 1)
  t.strictSame(both.kernel.chains, plain.kernel.chains)
})

function pools(...specs: readonly object[]): ReadonlyMap<string, IpPool> {
  return new Map(
    specs.map((spec, i) => {
      const pool = stored(calico('IPPool', spec, { name: `p${i}` }))
      if (!isIpPool(pool)) throw new Error('not a pool')
      return [`p${i}`, pool]
    }),
  )
}
