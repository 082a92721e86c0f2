/** What the kernel needs for the workloads of this node (INTERFACE §4: "a workload made by someone else"); pure. */
import type { KernelState, Link, Route, Sysctl } from '../felix/kernel.ts'
import type { WorkloadEndpoint } from './model/workload-endpoint.ts'
import type { Cidr } from './net/prefix.ts'
import { isIpv6 } from './problems/no-ipv6.ts'

/**
 * Workloads have an on-link default route via this address. The kernel answers ARP for another's address only if it has a route to it
 * over another device; a node without a default route has none, hence one over the loopback device. No packet is ever sent to it.
 */
const workloadGateway: Route = {
  destination: '169.254.1.1/32' as Cidr,
  nextHop: { type: 'unicast', device: 'lo', scope: 'link' },
}

/** @property kernelHasIpv6 without it nothing of that family is wanted @property allowSpoofing whether `allowSpoofedSourcePrefixes` count */
export type WorkloadOptions = { readonly kernelHasIpv6?: boolean; readonly allowSpoofing?: boolean }

/**
 * @property routes of the workloads' addresses, apart from those to their `gateway`
 * @property holders who has each of these addresses: the endpoint's uid, since another one may come under its name
 */
export type HostSide = Required<Pick<KernelState, 'links' | 'sysctls' | 'routes' | 'holders'>> & { readonly gateway: readonly Route[] }

/**
 * The host side of each endpoint: its link up, proxy ARP and NDP, forwarding, reverse-path filter, a device route per address.
 * Two endpoints with one address: the first by namespace and name has it, so that the answer never depends on history.
 * @param endpoints of this node, in any order
 */
export function workloadState(endpoints: Iterable<WorkloadEndpoint>, options: WorkloadOptions = {}): HostSide {
  const { kernelHasIpv6 = true, allowSpoofing = false } = options
  const sorted = [...endpoints].toSorted(byName)
  const spoofing = new Set(allowSpoofing ? sorted.filter(maySpoof).map(({ spec }) => spec.interfaceName) : [])
  const links = new Map<string, Link>()
  const sysctls: Sysctl[] = [{ path: 'net/ipv4/ip_forward', value: '1' }]
  const routes = new Map<Cidr, Route>()
  const holders = new Map<Cidr, string>()
  let ipv6 = false
  for (const endpoint of sorted) {
    const { spec } = endpoint
    const device = spec.interfaceName
    if (device === undefined) continue
    links.set(device, { name: device, up: true })
    const addresses = ((spec.ipNetworks ?? []) as readonly Cidr[]).filter((address) => kernelHasIpv6 || !isIpv6(address))
    const hasIpv6 = addresses.some(isIpv6)
    ipv6 ||= hasIpv6
    sysctls.push(
      ...interfaceSysctls(device, hasIpv6, spoofing.has(device)).filter(({ path }) => kernelHasIpv6 || !path.startsWith('net/ipv6/')),
    )
    for (const address of addresses) {
      if (routes.has(address)) continue
      holders.set(address, endpoint.metadata.uid ?? keyOf(endpoint))
      routes.set(address, { destination: address, nextHop: { type: 'unicast', device, scope: 'link' } })
    }
  }
  const gateway = links.size > 0 ? [workloadGateway] : []
  if (links.size > 0) links.set('lo', { name: 'lo', up: true })
  if (ipv6) sysctls.push({ path: 'net/ipv6/conf/all/forwarding', value: '1' })
  return { links: [...links.values()], sysctls, routes: [...routes.values()], holders, gateway }
}

function byName(a: WorkloadEndpoint, b: WorkloadEndpoint): number {
  const [left, right] = [keyOf(a), keyOf(b)]
  return left === right ? 0 : left < right ? -1 : 1
}

function keyOf({ metadata }: WorkloadEndpoint): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function maySpoof({ spec }: WorkloadEndpoint): boolean {
  return (spec.allowSpoofedSourcePrefixes ?? []).length > 0
}

/**
 * accept_ra=0: a pod must never make a router of itself towards the node (CVE-2020-13597). Where some other sources are allowed, only
 * the chains know which: the kernel's own reverse-path filter knows no exceptions.
 */
function interfaceSysctls(link: string, ipv6: boolean, spoofing: boolean): readonly Sysctl[] {
  const v4 = [
    ['net/ipv4/conf', 'proxy_arp', '1'],
    ['net/ipv4/neigh', 'proxy_delay', '0'],
    ['net/ipv4/conf', 'forwarding', '1'],
    ['net/ipv4/conf', 'rp_filter', spoofing ? '0' : '1'],
    ['net/ipv6/conf', 'accept_ra', '0'],
  ]
  const v6 = [
    ['net/ipv6/conf', 'proxy_ndp', '1'],
    ['net/ipv6/conf', 'forwarding', '1'],
  ]
  return [...v4, ...(ipv6 ? v6 : [])].map(([folder, name, value]) => ({ path: `${folder}/${link}/${name}`, value: value ?? '', link }))
}
