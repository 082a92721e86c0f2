import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

t.test('a host endpoint as Calico documents it is kept (§6.5)', async (t) => {
  const spec = {
    interfaceName: 'eth0',
    node: 'myhost',
    expectedIPs: ['192.168.0.1', 'FD00:0::1'],
    profiles: ['profile1', 'profile2'],
    ports: [{ name: 'some-port', port: 1234, protocol: 'tcp' }],
  }
  const first = stored(calico('HostEndpoint', spec, { labels: { type: 'production' } }))
  t.strictSame(first.spec, {
    ...spec,
    expectedIPs: ['192.168.0.1', 'fd00::1'],
    ports: [{ name: 'some-port', port: 1234, protocol: 'TCP' }],
  })
  t.strictSame(stored(first), first, 'and taken again')
  t.strictSame(problemsOf(calico('HostEndpoint', { node: 'myhost', interfaceName: '*' })), [])
})

const refused: [title: string, spec: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    'more pairs of address and named port than a set should have',
    {
      node: 'n1',
      expectedIPs: Array.from({ length: 101 }, (_, i) => `10.0.0.${i}`),
      ports: Array.from({ length: 100 }, (_, i) => ({ name: 'many', protocol: 'TCP', port: i + 1 })),
    },
    [['spec.ports', '100 ports of 101 addresses are 10100 pairs, at most 10000 are allowed']],
  ],
  ['no node', { interfaceName: 'eth0' }, [['spec.node', 'is required']]],
  [
    'neither interface nor addresses',
    { node: 'a' },
    [['spec', 'needs interfaceName or expectedIPs: by one of them the interface is found']],
  ],
  [
    'a wildcard in a name',
    { node: 'a', interfaceName: 'eth*' },
    [['spec.interfaceName', 'must be "*" or an interface name of at most 15 of A-Z, a-z, 0-9, "_", "." and "-"']],
  ],
  [
    'a port without a name',
    { node: 'a', interfaceName: '*', ports: [{ port: 0, protocol: 'ICMP' }] },
    [
      ['spec.ports[0].name', 'is required'],
      ['spec.ports[0].protocol', 'must be TCP, UDP or SCTP'],
      ['spec.ports[0].port', 'must be >= 1'],
    ],
  ],
  ['the same address twice', { node: 'a', expectedIPs: ['10.0.0.1', '10.0.0.1'] }, [['spec.expectedIPs', 'must not have duplicate items']]],
]
for (const [title, spec, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico('HostEndpoint', spec)), problems))
