import t from 'tap'
import { defaultFailsafePorts } from '../../policy/host/failsafe.ts'
import { applicableFelix } from './applicable.ts'
import { type EffectiveFelix, effectiveFelix } from './effective-felix.ts'
import { config, here, resources } from './fixture.ts'

type Written = Parameters<typeof resources>[0]

function applicable(written: Written) {
  const { nodes, felixConfigurations } = resources(written)
  return applicableFelix(
    felixConfigurations,
    here.name,
    nodes.find(({ metadata }) => metadata.name === here.name),
  )
}

function effective(file: string, written: Written): EffectiveFelix {
  return effectiveFelix(config(file), applicable(written).specs)
}

const defaults: EffectiveFelix = {
  interfacePrefix: 'tort',
  iptablesBackend: 'auto',
  nftablesMode: 'auto',
  markMask: 0xffff_0000,
  logLevel: 'info',
  actions: {
    jumpsAt: 'insert',
    toHost: 'drop',
    allowed: 'accept',
    denied: 'drop',
    log: { prefix: 'tortie %p %r', limit: { count: 10, per: 'second', burst: 5 } },
  },
  failsafe: defaultFailsafePorts,
  checks: { dropInvalid: true, allowSpoofing: false },
  serviceLoops: 'drop',
  ipipEnabled: undefined,
  ipipMtu: 0,
  allowedTunnels: { ipip: false, vxlan: false, vxlanPort: 4789 },
  externalNodes: [],
  limits: { ipSetMembers: 1_048_576, ipSetsCheckMs: 90_000, rulesCheckMs: 90_000 },
}

t.test('without a word from anyone every value is the default', async (t) => t.strictSame(effective('', {}), defaults))

t.test('every field of FelixConfiguration that has an effect is taken', async (t) => {
  const spec = {
    interfacePrefix: 'cali',
    iptablesBackend: 'Legacy',
    nftablesMode: 'Disabled',
    iptablesMarkMask: 0xff00,
    logSeverityScreen: 'Warning',
    logPrefix: 'calico %k',
    logActionRateLimit: '3/hour',
    logActionRateLimitBurst: 0,
    chainInsertMode: 'Append',
    defaultEndpointToHostAction: 'Accept',
    iptablesFilterAllowAction: 'Return',
    iptablesFilterDenyAction: 'Reject',
    failsafeInboundHostPorts: [],
    failsafeOutboundHostPorts: [{ protocol: 'udp', port: 53, net: '192.0.2.0/24' }],
    ipipEnabled: false,
    ipipMTU: 1_400,
    allowIPIPPacketsFromWorkloads: true,
    allowVXLANPacketsFromWorkloads: true,
    vxlanPort: 8472,
    disableConntrackInvalidCheck: true,
    workloadSourceSpoofing: 'any',
    serviceLoopPrevention: 'Disabled',
    externalNodesList: ['192.0.2.9'],
    maxIpsetSize: 4,
    ipsetsRefreshInterval: '5s',
    iptablesRefreshInterval: '0s',
  }
  t.strictSame(effective('', { felix: { default: spec } }), {
    interfacePrefix: 'cali',
    iptablesBackend: 'legacy',
    nftablesMode: 'disabled',
    markMask: 0xff00,
    logLevel: 'warn',
    actions: {
      jumpsAt: 'append',
      toHost: 'accept',
      allowed: 'return',
      denied: 'reject',
      log: { prefix: 'calico %k', limit: { count: 3, per: 'hour', burst: 1 } },
    },
    failsafe: { ingress: [], egress: [{ protocol: 'UDP', port: 53, net: '192.0.2.0/24' }] },
    checks: { dropInvalid: false, allowSpoofing: true },
    serviceLoops: undefined,
    ipipEnabled: false,
    ipipMtu: 1_400,
    allowedTunnels: { ipip: true, vxlan: true, vxlanPort: 8472 },
    externalNodes: ['192.0.2.9/32'],
    limits: { ipSetMembers: 4, ipSetsCheckMs: 5_000, rulesCheckMs: 365 * 86_400_000 },
  })
})

t.test('with nftablesMode Enabled the fields of nftables are taken in place of those of iptables', async (t) => {
  const iptables = { iptablesMarkMask: 0xff00, iptablesFilterAllowAction: 'Return', iptablesFilterDenyAction: 'Reject' }
  const nftables = { nftablesMarkMask: 0xff, nftablesFilterAllowAction: 'Accept', nftablesFilterDenyAction: 'Reject' }
  const taken = (nftablesMode: string) => {
    const { markMask, actions } = effective('', { felix: { default: { ...iptables, ...nftables, nftablesMode } } })
    return [markMask, actions.allowed, actions.denied]
  }
  t.strictSame(taken('Enabled'), [0xff, 'accept', 'reject'])
  t.strictSame(taken('Disabled'), [0xff00, 'return', 'reject'])
  t.strictSame(effective('', { felix: { default: { ...iptables, nftablesMode: 'Enabled' } } }).markMask, 0xffff_0000)
})

t.test('INTERFACE §4: the configuration file wins, also where it says the default', async (t) => {
  const felix = { default: { interfacePrefix: 'cali', iptablesBackend: 'NFT', nftablesMode: 'Enabled', logSeverityScreen: 'Debug' } }
  t.strictSame(
    effective('{felix: {interfacePrefix: tort, iptablesBackend: auto, nftablesMode: auto}, log: {level: info}}', { felix }),
    defaults,
  )
})

t.test('field by field: node.NAME, then one that selects the node, then default (§6.13)', async (t) => {
  const written = {
    nodes: { 'node-a': { labels: { rack: '1' } } },
    felix: {
      default: { ipipMTU: 1, iptablesMarkMask: 3, chainInsertMode: 'Append' },
      'node.node-a': { ipipMTU: 3 },
      'rack-1': { nodeSelector: "rack == '1'", ipipMTU: 2, iptablesMarkMask: 5 },
      'rack-2': { nodeSelector: "rack == '2'", ipipMTU: 4, iptablesMarkMask: 6 },
    },
  }
  t.match(effective('', written), { ipipMtu: 3, markMask: 5, actions: { jumpsAt: 'append' } })
})

t.test('of several that select the node the oldest counts, the others are told', async (t) => {
  const of = (ipipMTU: number, creationTimestamp: string) => ({ nodeSelector: 'all()', ipipMTU, creationTimestamp })
  const written = {
    nodes: { 'node-a': {} },
    felix: { a: of(1, '2026-02-01T00:00:00Z'), b: of(2, '2026-01-01T00:00:00Z'), c: of(3, '2026-01-01T00:00:00Z') },
  }
  t.equal(effective('', written).ipipMtu, 2)
  t.strictSame(applicable(written).problems, [
    { severity: 'warning', subject: 'felixconfiguration/c', message: 'is not used: b is older and selects this node too' },
    { severity: 'warning', subject: 'felixconfiguration/a', message: 'is not used: b is older and selects this node too' },
  ])
  t.equal(effective('', { ...written, nodes: {} }).ipipMtu, 0, 'a node without a resource has no labels and is not selected')
})

t.test('several prefixes, or one that leaves no room for names, are not used', async (t) => {
  for (const interfacePrefix of ['cali,tap', 'abcdefghijklm'])
    t.equal(effective('', { felix: { default: { interfacePrefix } } }).interfacePrefix, 'tort')
})
