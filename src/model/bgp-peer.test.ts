import fc from 'fast-check'
import t from 'tap'
import { readPeerIp } from './bgp-peer.ts'
import { calico, problemsOf, stored } from './sample-resources.ts'

const taken: [title: string, spec: object, expected: object][] = [
  ['a global peer (§6.11.2)', { peerIP: '192.20.30.40', asNumber: 64_567 }, { peerIP: '192.20.30.40', asNumber: 64_567 }],
  [
    'a peer of one node',
    { node: 'rack1-host1', peerIP: '192.168.1.1', asNumber: '1.0' },
    { node: 'rack1-host1', peerIP: '192.168.1.1', asNumber: 65_536 },
  ],
  ['a peer with a port', { peerIP: '10.0.0.1:1179', asNumber: 1 }, { peerIP: '10.0.0.1:1179', asNumber: 1 }],
  ['an IPv6 peer with a port', { peerIP: '[2001:DB8:0::1]:1179', asNumber: 1 }, { peerIP: '[2001:db8::1]:1179', asNumber: 1 }],
  [
    'route reflectors found by label; AS 0 is none',
    { nodeSelector: 'all()', peerSelector: "route-reflector == 'true'", asNumber: 0 },
    { nodeSelector: 'all()', peerSelector: "route-reflector == 'true'" },
  ],
  [
    'every other field',
    {
      peerIP: '10.0.0.1',
      asNumber: 1,
      password: { secretKeyRef: { name: 'bgp-secrets', key: 'rr-password' } },
      sourceAddress: 'none',
      maxRestartTime: '10m',
      keepaliveTime: '30s',
      nextHopMode: 'SELF',
      numAllowedLocalASNumbers: 2,
      ttlSecurity: 1,
      reachableBy: '10.0.0.254',
      filters: ['first', 'second'],
    },
    {
      peerIP: '10.0.0.1',
      asNumber: 1,
      password: { secretKeyRef: { name: 'bgp-secrets', key: 'rr-password' } },
      sourceAddress: 'None',
      maxRestartTime: '10m',
      keepaliveTime: '30s',
      nextHopMode: 'Self',
      numAllowedLocalASNumbers: 2,
      ttlSecurity: 1,
      reachableBy: '10.0.0.254',
      filters: ['first', 'second'],
    },
  ],
]
for (const [title, spec, expected] of taken)
  t.test(`taken: ${title}`, async (t) => {
    const first = stored(calico('BGPPeer', spec))
    t.strictSame(first.spec, expected)
    t.strictSame(stored(first), first, 'and taken again')
  })

const refused: [title: string, spec: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  ['nobody to peer with', {}, [['spec', 'needs one of peerIP, peerSelector and localWorkloadSelector']]],
  [
    'node and nodeSelector',
    { node: 'a', nodeSelector: 'all()', peerIP: '10.0.0.1', asNumber: 1 },
    [['spec.nodeSelector', 'excludes node']],
  ],
  ['peerIP and peerSelector', { peerIP: '10.0.0.1', peerSelector: 'all()' }, [['spec.peerSelector', 'excludes peerIP']]],
  [
    'an AS number with peerSelector',
    { peerSelector: 'all()', asNumber: 1 },
    [['spec.asNumber', 'is that of the nodes which peerSelector finds: leave it out']],
  ],
  ['no AS number with peerIP', { peerIP: '10.0.0.1' }, [['spec.asNumber', 'is required with peerIP']]],
  [
    'no AS number with localWorkloadSelector',
    { localWorkloadSelector: 'all()' },
    [['spec.asNumber', 'is required with localWorkloadSelector']],
  ],
  [
    'both next hop fields',
    { peerIP: '10.0.0.1', asNumber: 1, nextHopMode: 'Keep', keepOriginalNextHop: true },
    [['spec.nextHopMode', 'excludes keepOriginalNextHop']],
  ],
  [
    'reachableBy of the other family',
    { peerIP: '10.0.0.1', asNumber: 1, reachableBy: 'fd00::1' },
    [['spec.reachableBy', 'is not of the family of peerIP']],
  ],
  ['reachableBy without peerIP', { peerSelector: 'all()', reachableBy: '10.0.0.1' }, [['spec.reachableBy', 'needs peerIP']]],
  [
    'reversePeering without peerSelector',
    { peerIP: '10.0.0.1', asNumber: 1, reversePeering: 'Manual' },
    [['spec.reversePeering', 'needs peerSelector']],
  ],
  [
    'a host name',
    { peerIP: 'router', asNumber: 1 },
    [['spec.peerIP', 'must be an address, IPV4:PORT or [IPV6]:PORT with a port 1 to 65535']],
  ],
  [
    'a selector that is none',
    { peerSelector: 'x ==' },
    [['spec.peerSelector', 'is not a selector: expected a string in quotes, at character 5 (x ==▸)']],
  ],
  [
    'a password in the resource',
    { peerIP: '10.0.0.1', asNumber: 1, password: { value: 'x' } },
    [
      ['spec.password.secretKeyRef', 'is required'],
      [
        'spec.password.value',
        'is not supported: what is stored can be read again; name a secretKeyRef, which is looked up below bgp.secretsPath',
      ],
    ],
  ],
  ['too many hops', { peerIP: '10.0.0.1', asNumber: 1, ttlSecurity: 256 }, [['spec.ttlSecurity', 'must be <= 255']]],
]
for (const [title, spec, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico('BGPPeer', spec)), problems))

t.test('an address and port are read back; noise never throws', async () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  fc.assert(fc.property(fc.ipV4(), port, (address, port) => readPeerIp(`${address}:${port}`)?.port === port))
  fc.assert(fc.property(fc.ipV6(), port, (address, port) => readPeerIp(`[${address}]:${port}`)?.port === port))
  fc.assert(fc.property(fc.string(), (text) => readPeerIp(text) === undefined || text.length > 1))
})
