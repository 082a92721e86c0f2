import { hash } from 'node:crypto'
import type { Family } from '../src/net/address.ts'

/** Linux: XT_EXTENSION_MAXNAMELEN leaves 28 characters for a chain, IPSET_MAXNAMELEN 31 for a set. */
const maxChainName = 28
const maxSetName = 31

export type Direction = 'ingress' | 'egress'

export const chainNames = {
  forward: 'tort-FORWARD',
  input: 'tort-INPUT',
  output: 'tort-OUTPUT',
  rawPrerouting: 'tort-PREROUTING',
  workloadToHost: 'tort-wl-to-host',
  rawOutput: 'tort-OUTPUT',
  manglePrerouting: 'tort-PREROUTING',
  manglePostrouting: 'tort-POSTROUTING',
} as const

/** The root of the tree from interface name to endpoint chain. */
export function dispatchChainName(direction: Direction, interfacePrefix = ''): string {
  const root = direction === 'ingress' ? 'tort-to-wl' : 'tort-from-wl'
  return interfacePrefix === '' ? root : shortened(`${root}-`, interfacePrefix, maxChainName)
}

/** "tw" is towards the workload (its ingress), "fw" from it (its egress). */
export function endpointChainName(direction: Direction, interfaceName: string): string {
  return shortened(direction === 'ingress' ? 'tort-tw-' : 'tort-fw-', interfaceName, maxChainName)
}

/** The sources that a workload may send from, where they are several. */
export function sourceChainName(interfaceName: string): string {
  return shortened('tort-src-', interfaceName, maxChainName)
}

/** For interfaces without a HostEndpoint of their own, as Calico writes it. */
export const anyInterface = '*'
/** What the host says to itself: only a HostEndpoint that names it is asked. */
export const loopback = 'lo'

/** The root from interface name to host endpoint chain; the same names in each table. */
export function hostDispatchName(direction: Direction, forward: boolean): string {
  return `tort-${direction === 'ingress' ? 'from' : 'to'}-hep${forward ? '-fw' : ''}`
}

/** "fh" is from the host endpoint into the host (its ingress), "th" towards it (its egress). No interface name contains a slash. */
export function hostChainName(direction: Direction, forward: boolean, interfaceName: string): string {
  const root = `tort-${direction === 'ingress' ? 'fh' : 'th'}${forward ? 'fw' : ''}`
  return interfaceName === anyInterface ? `${root}/any` : shortened(`${root}-`, interfaceName, maxChainName)
}

/** @param id names the policy among all kinds: "gnp/web", "np/shop/web" */
export function policyChainName(direction: Direction, id: string): string {
  return shortened(direction === 'ingress' ? 'tort-pi-' : 'tort-po-', id, maxChainName)
}

export function profileChainName(direction: Direction, name: string): string {
  return shortened(direction === 'ingress' ? 'tort-pri-' : 'tort-pro-', name, maxChainName)
}

/** @param content what the set stands for: equal content is the same set */
export function setName(family: Family, letter: 's' | 'n' | 'c' | 'p', content: string): string {
  return `tort${family}${letter}:${digest(content)}`.slice(0, maxSetName)
}

/** The name whole if it fits, else a hash after "_", with which no resource name begins. */
function shortened(prefix: string, name: string, max: number): string {
  const whole = prefix + name
  return whole.length <= max ? whole : `${prefix}_${digest(name)}`.slice(0, max)
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 24)
}
