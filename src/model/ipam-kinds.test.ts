import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

t.test('how addresses are given out is kept (§6.14)', async (t) => {
  const ipam = {
    strictAffinity: true,
    maxBlocksPerHost: 4,
    autoAllocateBlocks: false,
    ipCooldownSeconds: 60,
    kubeVirtVMAddressPersistence: 'disabled',
  }
  const expected = { ...ipam, kubeVirtVMAddressPersistence: 'Disabled' }
  t.strictSame(stored(calico('IPAMConfiguration', ipam, { name: 'default' })).spec, expected)
  t.strictSame(stored(calico('IPReservation', { reservedCIDRs: ['192.168.2.3', '10.0.2.1/8'] })).spec, {
    reservedCIDRs: ['192.168.2.3/32', '10.0.0.0/8'],
  })
})

t.test('a status is asked for by node and class (§6.14)', async (t) => {
  const spec = { node: 'my-node', classes: ['Agent', 'BGP', 'Routes'], updatePeriodSeconds: 10 }
  t.strictSame(stored(calico('CalicoNodeStatus', spec)).spec, spec)
})

const refused: [
  title: string,
  kind: string,
  spec: object,
  metadata: object,
  problems: readonly (readonly [path: string, reason: string])[],
][] = [
  ['a second configuration', 'IPAMConfiguration', {}, { name: 'other' }, [['metadata.name', 'must be default: there is only one']]],
  [
    'numbers out of range',
    'IPAMConfiguration',
    { maxBlocksPerHost: -1, ipCooldownSeconds: 1_201 },
    { name: 'default' },
    [
      ['spec.maxBlocksPerHost', 'must be >= 0'],
      ['spec.ipCooldownSeconds', 'must be <= 1200'],
    ],
  ],
  ['no CIDR', 'IPReservation', { reservedCIDRs: ['10.0.0.0/33'] }, {}, [['spec.reservedCIDRs[0]', 'must be a CIDR or an address']]],
  [
    'a status of nothing',
    'CalicoNodeStatus',
    { classes: ['Bgp'] },
    {},
    [
      ['spec.node', 'is required'],
      ['spec.updatePeriodSeconds', 'is required'],
      ['spec.classes[0]', 'must be Agent or BGP or Routes, did you mean "BGP"?'],
    ],
  ],
]
for (const [title, kind, spec, metadata, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico(kind, spec, { ...metadata })), problems))
