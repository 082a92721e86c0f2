import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const all = { name: 'default' }

t.test('a configuration as Calico documents it is kept, its words in their one spelling (§6.13)', async (t) => {
  const spec = {
    bpfEnabled: false,
    bpfLogLevel: '',
    bpfExternalServiceMode: 'Tunnel',
    defaultEndpointToHostAction: 'return',
    iptablesBackend: 'nft',
    iptablesMarkMask: 0xffff0000,
    logSeverityScreen: 'INFO',
    ipipEnabled: true,
    ipipMTU: 1440,
    reportingInterval: '0s',
    failsafeInboundHostPorts: [{ protocol: 'tcp', port: 22, net: '10.0.0.1/8' }],
    failsafeOutboundHostPorts: [],
    externalNodesList: ['10.1.2.3', '192.0.2.9/24'],
    kubeNodePortRanges: ['30000:32767', 8080],
    natPortRange: '32768:65535',
    routeTableRanges: [{ min: 1, max: 250 }],
    logActionRateLimit: '10/second',
    floatingIPs: 'Disabled',
    healthTimeoutOverrides: [{ name: 'calc graph', timeout: '30s' }],
    istioDSCPMark: 'AF11',
  }
  t.strictSame(stored(calico('FelixConfiguration', spec, all)).spec, {
    ...spec,
    defaultEndpointToHostAction: 'Return',
    iptablesBackend: 'NFT',
    logSeverityScreen: 'Info',
    failsafeInboundHostPorts: [{ protocol: 'TCP', port: 22, net: '10.0.0.0/8' }],
    externalNodesList: ['10.1.2.3/32', '192.0.2.0/24'],
  })
})

t.test('a name of its own needs a nodeSelector', async (t) => {
  t.strictSame(problemsOf(calico('FelixConfiguration', { nodeSelector: "rack == '1'" }, { name: 'rack-1' })), [])
})

const refused: [title: string, spec: object, metadata: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    'nodeSelector in default',
    { nodeSelector: 'all()' },
    all,
    [['spec.nodeSelector', 'is not for default, which says by its name where it applies']],
  ],
  ['a free name without nodeSelector', {}, { name: 'x' }, [['spec.nodeSelector', 'is required unless the name is default or node.NAME']]],
  ['eBPF', { bpfEnabled: true }, all, [['spec.bpfEnabled', 'is not supported: policy is enforced with iptables or nftables']]],
  [
    'both route table fields',
    { routeTableRange: { min: 1, max: 10 }, routeTableRanges: [{ min: 1, max: 10 }] },
    all,
    [['spec.routeTableRanges', 'excludes routeTableRange']],
  ],
  [
    'too many route tables',
    { routeTableRanges: [{ min: 1, max: 65_536 }] },
    all,
    [['spec.routeTableRanges', 'has more than 65535 tables in total']],
  ],
  ['a range the wrong way round', { routeTableRanges: [{ min: 2, max: 1 }] }, all, [['spec.routeTableRanges[0].max', 'is less than min']]],
  [
    'node ports: too many, or named',
    { kubeNodePortRanges: ['http', 2, 3, 4, 5, 6, 7, 8] },
    all,
    [
      ['spec.kubeNodePortRanges[0]', 'must be a port 1 to 65535 or a range "a:b" with a <= b'],
      ['spec.kubeNodePortRanges', 'must not have more than 7 items'],
    ],
  ],
  ['a mark mask of one bit', { iptablesMarkMask: 0x8000_0000 }, all, [['spec.iptablesMarkMask', 'must have at least 2 bits set']]],
  [
    'IPv6 where IPv4 is meant',
    { externalNodesList: ['fd00::/64'] },
    all,
    [['spec.externalNodesList[0]', 'must be an IPv4 CIDR or address']],
  ],
  [
    'an elevated priority above the normal one',
    { ipv4ElevatedRoutePriority: 1024 },
    all,
    [['spec.ipv4ElevatedRoutePriority', 'must be below the normal priority, 1024']],
  ],
  ['a mistyped field', { ipipMtu: 1400 }, all, [['spec.ipipMtu', 'unknown field, did you mean "ipipMTU"?']]],
  ['a mistyped value', { chainInsertMode: 'Prepend' }, all, [['spec.chainInsertMode', 'must be Insert or Append']]],
  ['no regular expression', { mtuIfacePattern: '(' }, all, [['spec.mtuIfacePattern', 'must be a regular expression']]],
]
for (const [title, spec, metadata, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico('FelixConfiguration', spec, { ...metadata })), problems))
