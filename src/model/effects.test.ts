import { readFileSync } from 'node:fs'
import t from 'tap'
import { effectsOf, kindsWithEffects, withoutEffect } from './effects.ts'
import { effectsReference } from './effects-reference.ts'
import { fieldsWithoutEffect, isIpPool } from './ip-pool.ts'
import { kinds } from './kinds.ts'
import { calico, kubernetesPolicy, stored } from './sample-resources.ts'

const table: [title: string, resource: object, expected: string | undefined][] = [
  ['a kind without effect', calico('IPReservation', { reservedCIDRs: ['10.0.0.1/32'] }), 'IPReservation has no effect yet'],
  ['a kind with all of it', calico('Tier', { order: 1 }), undefined],
  ['a Kubernetes policy', kubernetesPolicy({ podSelector: {} }), undefined],
  [
    'a cluster network policy',
    {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: 'a' },
      spec: {
        tier: 'Admin',
        priority: 1,
        subject: { namespaces: {} },
        egress: [{ action: 'Accept', to: [{ namespaces: {} }, { domainNames: ['example.com'] }] }],
      },
    },
    'spec.egress[0].to[1].domainNames has no effect yet',
  ],
  ['flags for host endpoints', calico('GlobalNetworkPolicy', { preDNAT: true, applyOnForward: true }), undefined],
  ['a host endpoint', calico('HostEndpoint', { node: 'a', interfaceName: 'eth0' }), undefined],
  [
    'a Node with BGP and facts',
    calico('Node', { bgp: { asNumber: 1 }, addresses: [{ address: '10.0.0.1' }], orchRefs: [{ orchestrator: 'k8s' }] }),
    undefined,
  ],
  ['a Node with a VXLAN address', calico('Node', { ipv4VXLANTunnelAddr: '10.0.0.1' }), 'spec.ipv4VXLANTunnelAddr has no effect yet'],
  [
    'fields of FelixConfiguration that are used',
    calico('FelixConfiguration', { ipipMTU: 1400, logSeverityScreen: 'Info' }, { name: 'default' }),
    undefined,
  ],
  [
    'fields of FelixConfiguration that are not',
    calico('FelixConfiguration', { ipipMTU: 1400, routeRefreshInterval: '10s', natPortRange: 1 }, { name: 'default' }),
    'spec.routeRefreshInterval, spec.natPortRange have no effect yet',
  ],
  [
    'what FelixConfiguration asks for and is so anyway',
    calico('FelixConfiguration', { bpfEnabled: false, floatingIPs: 'Disabled', ipv6Support: true }, { name: 'default' }),
    undefined,
  ],
  [
    'several interface prefixes',
    calico('FelixConfiguration', { interfacePrefix: 'cali,tap' }, { name: 'default' }),
    'spec.interfacePrefix has no effect yet',
  ],
  ['a BGPPeer', calico('BGPPeer', { peerIP: '10.0.0.1', asNumber: 1, sourceAddress: 'UseNodeIP' }), undefined],
  [
    'what becomes of routes of a BGPPeer',
    calico('BGPPeer', {
      peerIP: '10.0.0.1',
      asNumber: 1,
      nextHopMode: 'Keep',
      numAllowedLocalASNumbers: 1,
      filters: ['f'],
      localASNumber: 7,
    }),
    undefined,
  ],
  ['a BGPFilter', calico('BGPFilter', { importV4: [{ action: 'Reject' }] }), undefined],
  [
    'what is announced, in BGPConfiguration',
    calico(
      'BGPConfiguration',
      { prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['1:2'] }], serviceClusterIPs: [{ cidr: '10.96.0.0/12' }] },
      { name: 'default' },
    ),
    undefined,
  ],
  ['an IPPool', calico('IPPool', { cidr: '10.0.0.0/16', ipipMode: 'Always' }), undefined],
  [
    'an IPPool that is disabled',
    calico('IPPool', { cidr: '10.0.0.0/16', natOutgoing: true, disabled: true }),
    'spec.disabled has no effect yet',
  ],
]
for (const [title, resource, expected] of table) t.test(title, async (t) => t.equal(withoutEffect(stored(resource)), expected))

t.test('the table of IPPool is that of its own file', async (t) => {
  const spec = {
    cidr: '10.0.0.0/16',
    vxlanMode: 'Always',
    disabled: true,
    blockSize: 27,
    nodeSelector: 'a == "b"',
    namespaceSelector: 'a == "b"',
    allowedUses: ['Workload'],
    assignmentMode: 'Manual',
  }
  const pool = stored(calico('IPPool', spec))
  t.strictSame(isIpPool(pool) && fieldsWithoutEffect(pool), effectsOf('projectcalico.org', 'IPPool').except)
})

t.test('every kind of Calico stands in the table by its own decision', async (t) => {
  const ofCalico = kinds.filter(({ group }) => group === 'projectcalico.org').map(({ kind }) => kind)
  t.strictSame(new Set(kindsWithEffects), new Set(ofCalico))
})

t.test('docs/resources.md holds the table as it is', async (t) => {
  const text = readFileSync(new URL('../../docs/resources.md', import.meta.url), 'utf8')
  t.equal(text.slice(text.indexOf('| kind')).trim(), effectsReference().trim())
})
