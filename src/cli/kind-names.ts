/** What a kind is called on the command line. Its own table: the schemas of src/model would double the start time of a command. */
import { hint } from '../model/did-you-mean.ts'
import { misused } from './failure.ts'

export type KindName = {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly short: readonly string[]
}

const calico = 'projectcalico.org/v3'

/** Where two kinds share a name, the first is meant; "networkpolicies.networking.k8s.io" names the other. */
export const kindNames: readonly KindName[] = [
  { apiVersion: calico, kind: 'NetworkPolicy', plural: 'networkpolicies', namespaced: true, short: ['np'] },
  { apiVersion: calico, kind: 'GlobalNetworkPolicy', plural: 'globalnetworkpolicies', namespaced: false, short: ['gnp'] },
  { apiVersion: calico, kind: 'Tier', plural: 'tiers', namespaced: false, short: [] },
  { apiVersion: calico, kind: 'Profile', plural: 'profiles', namespaced: false, short: [] },
  { apiVersion: calico, kind: 'NetworkSet', plural: 'networksets', namespaced: true, short: ['netset'] },
  { apiVersion: calico, kind: 'GlobalNetworkSet', plural: 'globalnetworksets', namespaced: false, short: ['gns'] },
  { apiVersion: calico, kind: 'WorkloadEndpoint', plural: 'workloadendpoints', namespaced: true, short: ['wep'] },
  { apiVersion: calico, kind: 'IPPool', plural: 'ippools', namespaced: false, short: ['pool'] },
  { apiVersion: calico, kind: 'Node', plural: 'nodes', namespaced: false, short: [] },
  { apiVersion: calico, kind: 'BGPConfiguration', plural: 'bgpconfigurations', namespaced: false, short: ['bgpconfig'] },
  { apiVersion: calico, kind: 'BGPPeer', plural: 'bgppeers', namespaced: false, short: [] },
  { apiVersion: calico, kind: 'BGPFilter', plural: 'bgpfilters', namespaced: false, short: [] },
  { apiVersion: calico, kind: 'FelixConfiguration', plural: 'felixconfigurations', namespaced: false, short: ['felixconfig'] },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', plural: 'networkpolicies', namespaced: true, short: ['knp', 'netpol'] },
  { apiVersion: calico, kind: 'HostEndpoint', plural: 'hostendpoints', namespaced: false, short: ['hep'] },
  { apiVersion: calico, kind: 'IPReservation', plural: 'ipreservations', namespaced: false, short: [] },
  { apiVersion: calico, kind: 'IPAMConfiguration', plural: 'ipamconfigurations', namespaced: false, short: ['ipamconfig'] },
  { apiVersion: calico, kind: 'StagedNetworkPolicy', plural: 'stagednetworkpolicies', namespaced: true, short: ['snp'] },
  { apiVersion: calico, kind: 'StagedGlobalNetworkPolicy', plural: 'stagedglobalnetworkpolicies', namespaced: false, short: ['sgnp'] },
  {
    apiVersion: calico,
    kind: 'StagedKubernetesNetworkPolicy',
    plural: 'stagedkubernetesnetworkpolicies',
    namespaced: true,
    short: ['sknp'],
  },
  { apiVersion: calico, kind: 'CalicoNodeStatus', plural: 'caliconodestatuses', namespaced: false, short: [] },
  {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    plural: 'clusternetworkpolicies',
    namespaced: false,
    short: ['cnp'],
  },
  { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false, short: ['ns'] },
  { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true, short: ['sa'] },
  { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', plural: 'endpointslices', namespaced: true, short: ['eps'] },
]

/**
 * Kind, plural or short name in any case, optionally with ".GROUP".
 * @throws CliFailure (usage) that lists what there is
 */
export function findKind(text: string): KindName {
  const wanted = text.toLowerCase()
  const found = kindNames.find((name) => namesOf(name).includes(wanted))
  if (found !== undefined) return found
  const known = [...new Set(kindNames.map(({ kind }) => kind.toLowerCase()))]
  const near = hint(wanted, kindNames.flatMap(namesOf))
  throw misused(`unknown kind ${text}${near === '' ? `: use one of ${known.join(', ')}` : near}`)
}

/** "/apis/projectcalico.org/v3/namespaces/default/networkpolicies/web" */
export function resourcePath({ apiVersion, plural }: KindName, namespace?: string, name?: string): string {
  const parts = [
    apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`,
    ...(namespace === undefined ? [] : ['namespaces', encodeURIComponent(namespace)]),
    plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
  ]
  return parts.join('/')
}

function namesOf({ apiVersion, kind, plural, short }: KindName): readonly string[] {
  const group = apiVersion.split('/')[0] ?? ''
  const names = [kind.toLowerCase(), plural]
  return [...names, ...short, ...names.map((name) => `${name}.${group}`)]
}
