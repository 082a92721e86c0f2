import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const node = (spec: unknown) => calico('Node', spec)

t.test('§6.10: addresses and numbers in their one form', async (t) => {
  const spec = {
    bgp: { asNumber: '1.2', ipv4Address: '192.0.2.10/24', ipv6Address: '2001:DB8::1/64', ipv4IPIPTunnelAddr: '10.244.1.0' },
    vxlanTunnelMACAddr: '66-AA-bb-CC-dd-EE',
    orchRefs: [{ orchestrator: 'k8s', nodeName: 'node-a' }],
    addresses: [{ address: '192.0.2.10', type: 'InternalIP' }],
  }
  t.strictSame(stored(node(spec)).spec, {
    ...spec,
    bgp: { ...spec.bgp, asNumber: 65_538, ipv6Address: '2001:db8::1/64' },
    vxlanTunnelMACAddr: '66:aa:bb:cc:dd:ee',
  })
})

const refused: [title: string, spec: unknown, problem: [path: string, reason: string]][] = [
  ['§6.17.3 no 42: an empty bgp', { bgp: {} }, ['spec.bgp', 'must not be empty: leave it out or give it a field']],
  ['an IPv6 tunnel address', { bgp: { ipv4IPIPTunnelAddr: '2001:db8::1' } }, ['spec.bgp.ipv4IPIPTunnelAddr', 'must be an IPv4 address']],
  [
    'a cluster id that is a number',
    { bgp: { routeReflectorClusterID: 7 } },
    ['spec.bgp.routeReflectorClusterID', 'must be a string: put it in quotes'],
  ],
  [
    'a MAC address of eight octets',
    { vxlanTunnelMACAddr: '02:00:00:00:00:00:00:01' },
    ['spec.vxlanTunnelMACAddr', 'must be a MAC address of six octets'],
  ],
]
for (const [title, spec, problem] of refused) t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(node(spec)), [problem]))
