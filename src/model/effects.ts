/** What of each kind has an effect in this version: the one table, of which /v1/status and docs/resources.md are made. */
import { type ClusterNetworkPolicySpec, peersWithoutEffect } from './cluster-network-policy.ts'
import { isInterfacePrefix } from './felix-scalars.ts'
import { fieldsWithoutEffect, isIpPool } from './ip-pool.ts'
import { valueAt } from './path.ts'
import { groupOf, type Resource } from './resource.ts'

/**
 * One of the first three, or none: then all of it has an effect.
 * @property none nothing of it has one
 * @property only fields of `spec` that have one
 * @property except fields of `spec` that have none
 * @property usual values of fields without effect that say what is so anyway
 * @property unusable values of fields with an effect that cannot be used
 */
export type Effects = {
  readonly none?: true
  readonly only?: readonly string[]
  readonly except?: readonly string[]
  readonly usual?: Readonly<Record<string, unknown>>
  readonly unusable?: Readonly<Record<string, (value: unknown) => boolean>>
}

const none: Effects = { none: true }

const calicoEffects: Readonly<Record<string, Effects>> = {
  NetworkPolicy: {},
  GlobalNetworkPolicy: {},
  Tier: {},
  Profile: {},
  NetworkSet: {},
  GlobalNetworkSet: {},
  HostEndpoint: {},
  WorkloadEndpoint: { except: ['ipNATs'] },
  IPPool: {
    except: ['vxlanMode', 'disabled', 'blockSize', 'nodeSelector', 'namespaceSelector', 'allowedUses', 'assignmentMode'],
  },
  Node: { except: ['ipv4VXLANTunnelAddr', 'ipv6VXLANTunnelAddr', 'vxlanTunnelMACAddr', 'vxlanTunnelMACAddrV6', 'wireguard'] },
  BGPConfiguration: {
    only: [
      'asNumber',
      'bindMode',
      'communities',
      'listenPort',
      'nodeMeshMaxRestartTime',
      'nodeMeshPassword',
      'nodeToNodeMeshEnabled',
      'prefixAdvertisements',
      'serviceClusterIPs',
      'serviceExternalIPs',
      'serviceLoadBalancerAggregation',
      'serviceLoadBalancerIPs',
    ],
  },
  BGPPeer: {
    except: ['localWorkloadSelector', 'reachableBy'],
  },
  BGPFilter: {},
  FelixConfiguration: {
    only: [
      'allowIPIPPacketsFromWorkloads',
      'allowVXLANPacketsFromWorkloads',
      'chainInsertMode',
      'defaultEndpointToHostAction',
      'disableConntrackInvalidCheck',
      'externalNodesList',
      'failsafeInboundHostPorts',
      'failsafeOutboundHostPorts',
      'interfacePrefix',
      'ipipEnabled',
      'ipipMTU',
      'ipsetsRefreshInterval',
      'iptablesBackend',
      'iptablesFilterAllowAction',
      'iptablesFilterDenyAction',
      'iptablesMarkMask',
      'iptablesRefreshInterval',
      'logActionRateLimit',
      'logActionRateLimitBurst',
      'logPrefix',
      'logSeverityScreen',
      'maxIpsetSize',
      'nftablesFilterAllowAction',
      'nftablesFilterDenyAction',
      'nftablesMarkMask',
      'nftablesMode',
      'nodeSelector',
      'serviceLoopPrevention',
      'vxlanPort',
      'workloadSourceSpoofing',
    ],
    usual: {
      awsSrcDstCheck: 'DoNothing',
      bpfEnabled: false,
      floatingIPs: 'Disabled',
      flowLogsLocalReporter: 'Disabled',
      genericXDPEnabled: false,
      ipForwarding: 'Enabled',
      ipv6Support: true,
      istioAmbientMode: 'Disabled',
      localSubnetL2Reachability: 'Disabled',
      routeSyncDisabled: false,
      sidecarAccelerationEnabled: false,
      usageReportingEnabled: false,
      vxlanEnabled: false,
      wireguardEnabled: false,
      wireguardEnabledV6: false,
      wireguardHostEncryptionEnabled: false,
      xdpEnabled: false,
    },
    unusable: { interfacePrefix: (value) => typeof value === 'string' && !isInterfacePrefix(value) },
  },
  IPReservation: none,
  IPAMConfiguration: none,
  StagedNetworkPolicy: {},
  StagedGlobalNetworkPolicy: {},
  StagedKubernetesNetworkPolicy: {},
  CalicoNodeStatus: none,
}

/** The kinds of projectcalico.org that are in the table. */
export const kindsWithEffects: readonly string[] = Object.keys(calicoEffects)

/** @param group of the kind's apiVersion */
export function effectsOf(group: string, kind: string): Effects {
  return (group === 'projectcalico.org' && calicoEffects[kind]) || {}
}

/** What a resource asks for and this version does not do, as a sentence; undefined if there is nothing. */
export function withoutEffect(resource: Resource): string | undefined {
  const { kind } = resource
  const effects = effectsOf(groupOf(resource.apiVersion), kind)
  if (effects.none) return `${kind} has no effect yet`
  const fields = fieldsOf(resource, effects)
  if (fields.length === 0) return undefined
  return `${fields.map((field) => `spec.${field}`).join(', ')} ${fields.length === 1 ? 'has' : 'have'} no effect yet`
}

function fieldsOf(resource: Resource, effects: Effects): readonly string[] {
  if (isIpPool(resource)) return fieldsWithoutEffect(resource)
  if (resource.kind === 'ClusterNetworkPolicy') return peersWithoutEffect(resource.spec as ClusterNetworkPolicySpec)
  return unusedFields(resource.spec, effects)
}

function unusedFields(spec: unknown, { only, except = [], usual = {}, unusable = {} }: Effects): readonly string[] {
  const given = typeof spec === 'object' && spec !== null ? Object.keys(spec) : []
  return given.filter((field) => {
    const value = valueAt(spec, [field])
    if (unusable[field]?.(value)) return true
    const hasEffect = only === undefined ? !except.includes(field) : only.includes(field)
    return !hasEffect && !(Object.hasOwn(usual, field) && usual[field] === value)
  })
}
