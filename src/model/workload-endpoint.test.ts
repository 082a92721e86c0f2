import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const here = { node: 'node-a', interfaceName: 'tort123' }
const endpoint = (spec: object) => calico('WorkloadEndpoint', spec)

const accepted: [title: string, spec: object, expected: object][] = [
  ['the least of this node', here, here],
  ['of another node, any interface or none', { node: 'node-b', interfaceName: 'cali1' }, { node: 'node-b', interfaceName: 'cali1' }],
  ['of another node, without interface', { node: 'node-b' }, { node: 'node-b' }],
  ['no profiles are not absent profiles', { ...here, profiles: [] }, { ...here, profiles: [] }],
  [
    'addresses in their one form',
    { ...here, ipNetworks: ['10.0.0.1', '10.0.0.2/32', 'FD00::1/128'], mac: 'EE-00-00-00-00-01', ipv4Gateway: '169.254.1.1' },
    { ...here, ipNetworks: ['10.0.0.1/32', '10.0.0.2/32', 'fd00::1/128'], mac: 'ee:00:00:00:00:01', ipv4Gateway: '169.254.1.1' },
  ],
  [
    'ports, a nameless one with its hostPort',
    {
      ...here,
      ports: [
        { name: 'http', protocol: 'tcp', port: 80 },
        { protocol: 'UDP', port: 53, hostPort: 53, hostIP: '0.0.0.0' },
      ],
    },
    {
      ...here,
      ports: [
        { name: 'http', protocol: 'TCP', port: 80 },
        { protocol: 'UDP', port: 53, hostPort: 53, hostIP: '0.0.0.0', name: '' },
      ],
    },
  ],
  [
    'what identifies the workload',
    {
      ...here,
      orchestrator: 'k8s',
      workload: 'w',
      containerID: 'abc-1',
      pod: 'web',
      endpoint: 'eth0',
      serviceAccountName: 'web',
      profiles: ['kns.shop', 'x'],
    },
    {
      ...here,
      orchestrator: 'k8s',
      workload: 'w',
      containerID: 'abc-1',
      pod: 'web',
      endpoint: 'eth0',
      serviceAccountName: 'web',
      profiles: ['kns.shop', 'x'],
    },
  ],
  [
    'a floating address of an own one',
    { ...here, ipNetworks: ['10.0.0.1'], ipNATs: [{ internalIP: '10.0.0.1', externalIP: '192.0.2.1' }] },
    { ...here, ipNetworks: ['10.0.0.1/32'], ipNATs: [{ internalIP: '10.0.0.1', externalIP: '192.0.2.1' }] },
  ],
]
for (const [title, spec, expected] of accepted) {
  t.test(`taken: ${title}`, async (t) => {
    const first = stored(endpoint(spec))
    t.strictSame(first.spec, expected)
    t.strictSame(stored(first), first, 'and taken again')
  })
}

const interfaceName = 'must be an interface name: 1 to 15 of A-Z, a-z, 0-9, "_", "." and "-"'
const refused: [title: string, spec: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    'more pairs of address and named port than a set should have',
    {
      ...here,
      ipNetworks: Array.from({ length: 101 }, (_, i) => `10.0.0.${i}/32`),
      ports: Array.from({ length: 100 }, (_, i) => ({ name: 'many', protocol: 'TCP', port: i + 1 })),
    },
    [['spec.ports', '100 ports of 101 addresses are 10100 pairs, at most 10000 are allowed']],
  ],
  ['no node', { interfaceName: 'tort1' }, [['spec.node', 'is required']]],
  [
    'INTERFACE §4: an interface of this node without our prefix',
    { node: 'node-a', interfaceName: 'eth0' },
    [['spec.interfaceName', 'must begin with "tort" on this node, node-a']],
  ],
  ['INTERFACE §4: no interface on this node', { node: 'node-a' }, [['spec.interfaceName', 'is required on this node, node-a']]],
  ['§6.17.3 no 28: a wildcard for the interface', { node: 'node-b', interfaceName: '*' }, [['spec.interfaceName', interfaceName]]],
  ['an interface name of 16', { node: 'node-a', interfaceName: 'tort123456789012' }, [['spec.interfaceName', interfaceName]]],
  [
    '§6.17.3 no 29: a network of more than one address',
    { ...here, ipNetworks: ['10.0.0.0/24', 'fd00::/64', '0.0.0.0', '::'] },
    [
      ['spec.ipNetworks[0]', 'must be one address: /32 or /128, not the unspecified one'],
      ['spec.ipNetworks[1]', 'must be one address: /32 or /128, not the unspecified one'],
      ['spec.ipNetworks[2]', 'must be one address: /32 or /128, not the unspecified one'],
      ['spec.ipNetworks[3]', 'must be one address: /32 or /128, not the unspecified one'],
    ],
  ],
  [
    '§6.17.3 no 30: a NAT outside ipNetworks, and of the other family',
    { ...here, ipNetworks: ['10.0.0.1'], ipNATs: [{ internalIP: '10.0.0.10', externalIP: 'fd00::1' }] },
    [
      ['spec.ipNATs[0].internalIP', 'is none of ipNetworks'],
      ['spec.ipNATs[0].externalIP', 'is not of the family of internalIP'],
    ],
  ],
  ['a gateway of the wrong family', { ...here, ipv4Gateway: 'fe80::1' }, [['spec.ipv4Gateway', 'must be an IPv4 address']]],
  ['the same address twice', { ...here, ipNetworks: ['10.0.0.1', '10.0.0.1'] }, [['spec.ipNetworks', 'must not have duplicate items']]],
  [
    'a port without name and hostPort',
    { ...here, ports: [{ protocol: 'TCP', port: 80 }] },
    [['spec.ports[0].name', 'is required without a hostPort']],
  ],
  [
    'a bad port',
    { ...here, ports: [{ name: '80', protocol: 'ICMP', port: 0 }] },
    [
      ['spec.ports[0].name', 'must be a port name: at most 15 of a-z, 0-9 and single "-", with a letter, the ends alphanumeric'],
      ['spec.ports[0].protocol', 'must be TCP, UDP or SCTP'],
      ['spec.ports[0].port', 'must be >= 1'],
    ],
  ],
  [
    'limits that would not hold',
    { ...here, qosControls: { ingressBandwidth: 1000 } },
    [['spec.qosControls', 'limits of bandwidth, packets and connections are not supported yet']],
  ],
  ['an empty containerID', { ...here, containerID: '' }, [['spec.containerID', 'must be letters, digits and "-", the ends alphanumeric']]],
]
for (const [title, spec, problems] of refused) t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(endpoint(spec)), problems))
