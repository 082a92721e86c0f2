import t from 'tap'
import { fieldsWithoutEffect, type IpPoolSpec, isIpPool } from './ip-pool.ts'
import { calico, problemsOf, stored } from './sample-resources.ts'

const pool = (spec: object) => calico('IPPool', spec)

const defaults = {
  ipipMode: 'Never',
  vxlanMode: 'Never',
  natOutgoing: false,
  disabled: false,
  disableBGPExport: false,
  nodeSelector: 'all()',
  allowedUses: ['Workload', 'Tunnel'],
  assignmentMode: 'Automatic',
}

const everyField = {
  cidr: '10.0.0.0/20',
  ipipMode: 'CrossSubnet',
  vxlanMode: 'Never',
  natOutgoing: true,
  disabled: true,
  disableBGPExport: true,
  blockSize: 28,
  nodeSelector: "rack == '1'",
  namespaceSelector: "team == 'a'",
  allowedUses: ['Workload'],
  assignmentMode: 'Manual',
}

const accepted: [title: string, spec: object, expected: object][] = [
  ['a CIDR is enough', { cidr: '10.244.0.0/16' }, { ...defaults, cidr: '10.244.0.0/16', blockSize: 26 }],
  ['blocks of IPv6 have 64 addresses', { cidr: 'FD00:244::/48' }, { ...defaults, cidr: 'fd00:244::/48', blockSize: 122 }],
  ['blockSize 0 means the default', { cidr: '10.0.0.0/8', blockSize: 0 }, { ...defaults, cidr: '10.0.0.0/8', blockSize: 26 }],
  [
    'an empty mode is Never, also for IPv6',
    { cidr: 'fd00::/64', ipipMode: '', vxlanMode: '' },
    { ...defaults, cidr: 'fd00::/64', blockSize: 122 },
  ],
  [
    'a pool of one block',
    { cidr: '10.0.0.0/26', ipipMode: 'Always' },
    { ...defaults, cidr: '10.0.0.0/26', blockSize: 26, ipipMode: 'Always' },
  ],
  [
    'a disabled pool may be smaller than a block',
    { cidr: '10.0.0.0/30', disabled: true },
    { ...defaults, cidr: '10.0.0.0/30', blockSize: 26, disabled: true },
  ],
  ['every field', everyField, everyField],
  [
    'a pool for services',
    { cidr: '192.0.2.0/24', allowedUses: ['LoadBalancer'] },
    { ...defaults, cidr: '192.0.2.0/24', blockSize: 26, allowedUses: ['LoadBalancer'] },
  ],
]
for (const [title, spec, expected] of accepted) {
  t.test(`§6.8 taken: ${title}`, async (t) => {
    const first = stored(pool(spec))
    t.strictSame(first.spec, expected)
    t.strictSame(stored(first), first, 'and taken again')
  })
}

const refused: [title: string, spec: object, ...problems: (readonly [path: string, reason: string])[]][] = [
  ['no CIDR', {}, ['spec.cidr', 'is required']],
  [
    '§6.17.3 no 31: unmasked',
    { cidr: '10.244.0.1/16' },
    ['spec.cidr', 'must be a CIDR whose host bits are zero, or an address, did you mean 10.244.0.0/16?'],
  ],
  ['§6.17.3 no 31: link-local', { cidr: '169.254.8.0/24' }, ['spec.cidr', 'overlaps the link-local range']],
  ['§6.17.3 no 31: around link-local', { cidr: '169.0.0.0/8' }, ['spec.cidr', 'overlaps the link-local range']],
  ['§6.17.3 no 31: link-local IPv6', { cidr: 'fe80::/64' }, ['spec.cidr', 'overlaps the link-local range']],
  [
    '§6.17.3 no 31: block too large',
    { cidr: '10.0.0.0/16', blockSize: 19 },
    ['spec.blockSize', 'must be 20 to 32 for IPv4, or 0 for the default'],
  ],
  [
    '§6.17.3 no 31: block too small',
    { cidr: '10.0.0.0/16', blockSize: 33 },
    ['spec.blockSize', 'must be 20 to 32 for IPv4, or 0 for the default'],
  ],
  [
    '§6.17.3 no 31: an IPv4 block in an IPv6 pool',
    { cidr: 'fd00::/64', blockSize: 26 },
    ['spec.blockSize', 'must be 116 to 128 for IPv6, or 0 for the default'],
    ['spec.blockSize', 'a block (/26) must fit into the pool (/64)'],
  ],
  ['§6.17.3 no 31: smaller than a block', { cidr: '10.0.0.0/27' }, ['spec.blockSize', 'a block (/26) must fit into the pool (/27)']],
  [
    '§6.17.3 no 32: IPIP on IPv6',
    { cidr: 'fd00::/64', ipipMode: 'Always' },
    ['spec.ipipMode', 'must be Never: IP-in-IP carries IPv4 only'],
  ],
  [
    '§6.17.3 no 32: both modes',
    { cidr: '10.0.0.0/16', ipipMode: 'CrossSubnet', vxlanMode: 'Always' },
    ['spec.ipipMode', 'and vxlanMode cannot both be enabled'],
  ],
  [
    '§6.17.3 no 33: a pool for services that is wrapped, hidden and elsewhere',
    { cidr: '10.0.0.0/16', allowedUses: ['LoadBalancer'], vxlanMode: 'Always', disableBGPExport: true, nodeSelector: 'has(x)' },
    ['spec.vxlanMode', 'must be Never in a pool for LoadBalancer'],
    ['spec.disableBGPExport', 'must be false in a pool for LoadBalancer'],
    ['spec.nodeSelector', 'must be all() in a pool for LoadBalancer'],
  ],
  [
    '§6.17.3 no 33: services and workloads',
    { cidr: '10.0.0.0/16', allowedUses: ['Workload', 'LoadBalancer'] },
    ['spec.allowedUses', 'LoadBalancer must be the only use'],
  ],
  [
    '§6.17.3 no 34: a tunnel pool with namespaceSelector, by default too',
    { cidr: '10.0.0.0/16', namespaceSelector: 'all()' },
    ['spec.namespaceSelector', 'cannot be in a pool that is used for tunnels: set allowedUses to [Workload]'],
  ],
  ['a mode in lower case', { cidr: '10.0.0.0/16', ipipMode: 'always' }, ['spec.ipipMode', 'must be Never, Always or CrossSubnet']],
  ['global() in a selector', { cidr: '10.0.0.0/16', nodeSelector: 'global()' }, ['spec.nodeSelector', 'global() has no meaning here']],
  [
    'a use nobody knows',
    { cidr: '10.0.0.0/16', allowedUses: ['Pod'] },
    ['spec.allowedUses[0]', 'must be Workload or Tunnel or LoadBalancer'],
  ],
  ['a mistyped field', { cidr: '10.0.0.0/16', ipipmode: 'Always' }, ['spec.ipipmode', 'unknown field, did you mean "ipipMode"?']],
]
for (const [title, spec, ...problems] of refused) t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(pool(spec)), problems))

const silent: [spec: object, fields: readonly (keyof IpPoolSpec)[]][] = [
  [{ cidr: '10.0.0.0/16', ipipMode: 'CrossSubnet', natOutgoing: true }, []],
  [{ cidr: 'fd00::/64', allowedUses: ['Tunnel', 'Workload'] }, []],
  [{ cidr: '10.0.0.0/16', disabled: true, blockSize: 24 }, ['disabled', 'blockSize']],
  [
    { cidr: '10.0.0.0/16', vxlanMode: 'Always', disabled: true, disableBGPExport: true, nodeSelector: 'has(a)', assignmentMode: 'Manual' },
    ['vxlanMode', 'disabled', 'nodeSelector', 'assignmentMode'],
  ],
  [{ cidr: '10.0.0.0/16', allowedUses: ['Workload'], namespaceSelector: 'all()' }, ['namespaceSelector', 'allowedUses']],
]
for (const [spec, fields] of silent)
  t.test(`${JSON.stringify(spec)}: without effect ${fields.join() || 'is nothing'}`, async (t) => {
    const resource = stored(pool(spec))
    if (!isIpPool(resource)) return t.fail('not a pool')
    t.strictSame(fieldsWithoutEffect(resource), fields)
  })
