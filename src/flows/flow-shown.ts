/** Flows as people and programs see them, and which of them are asked for; pure. */
import { kernelProtocol } from '../../policy/protocol.ts'
import { isDnsLabel } from '../model/scalars.ts'
import type { IpAddress } from '../net/address.ts'
import { type Cidr, containsPrefix, parsePrefix } from '../net/prefix.ts'
import type { EndpointName, FlowShown, FlowVerdict } from './flow.ts'
import type { Flow } from './flow-ring.ts'

export type FlowSubject = { readonly type: 'endpoint'; readonly endpoint: EndpointName } | { readonly type: 'net'; readonly net: Cidr }

/**
 * What is asked for: all of it must hold.
 * @property namespace of either end
 * @property policy "NetworkPolicy shop/web", "shop/web" or "web": it decided, or would if it were not staged
 */
export type FlowFilter = {
  readonly from?: FlowSubject
  readonly to?: FlowSubject
  readonly namespace?: string
  readonly verdict?: FlowVerdict
  readonly policy?: string
}

/** What "NAMESPACE/NAME", an address or a CIDR means; undefined: nothing. */
export function readFlowSubject(text: string): FlowSubject | undefined {
  if (parsePrefix(text) !== undefined) return { type: 'net', net: text as Cidr }
  const [namespace = '', name = '', ...more] = text.split('/')
  return !isDnsLabel(namespace) || name === '' || more.length > 0 ? undefined : { type: 'endpoint', endpoint: { namespace, name } }
}

export function isAskedFor({ sighting, judgement }: Flow, { from, to, namespace, verdict, policy }: FlowFilter): boolean {
  const { packet, ruling } = sighting
  if (verdict !== undefined && ruling.verdict !== verdict) return false
  if (from !== undefined && !isSubject(from, packet.source, judgement?.from)) return false
  if (to !== undefined && !isSubject(to, packet.destination, judgement?.to)) return false
  if (namespace !== undefined && judgement?.from?.namespace !== namespace && judgement?.to?.namespace !== namespace) return false
  if (policy === undefined) return true
  return [...(judgement?.decisions ?? []), ...(judgement?.pending ?? [])].some(({ subject }) => isNamed(subject, policy))
}

export function shownFlow({ sighting, judgement, differs, count, firstMs, lastMs }: Flow): FlowShown {
  const { ruling, packet, inInterface, outInterface } = sighting
  const { source, destination, protocol, destinationPort, icmpType, icmpCode } = packet
  const decisions = judgement?.decisions ?? []
  const last = decisions.at(-1)
  return {
    verdict: ruling.verdict,
    ...(ruling.answered && { answered: true }),
    ...(ruling.reason !== undefined && { reason: ruling.reason }),
    from: { address: source, ...judgement?.from },
    to: { address: destination, ...judgement?.to },
    protocol: kernelProtocol(protocol),
    ...(destinationPort !== undefined && { port: destinationPort }),
    ...(icmpType !== undefined && { icmpType }),
    ...(icmpCode !== undefined && { icmpCode }),
    ...(last !== undefined && { policy: last.subject, ...(last.rule !== undefined && { rule: last.rule }) }),
    decisions,
    ...(judgement?.pending !== undefined && { pending: judgement.pending }),
    ...(differs && { differs }),
    count,
    firstSeen: new Date(firstMs).toISOString(),
    lastSeen: new Date(lastMs).toISOString(),
    ...(inInterface !== undefined && { inInterface }),
    ...(outInterface !== undefined && { outInterface }),
  }
}

function isSubject(subject: FlowSubject, address: IpAddress, endpoint: EndpointName | undefined): boolean {
  if (subject.type === 'endpoint') return endpoint?.namespace === subject.endpoint.namespace && endpoint.name === subject.endpoint.name
  const [outer, inner] = [parsePrefix(subject.net), parsePrefix(address)]
  return outer !== undefined && inner !== undefined && containsPrefix(outer, inner)
}

function isNamed(subject: string, policy: string): boolean {
  return subject === policy || subject.endsWith(` ${policy}`) || subject.endsWith(`/${policy}`)
}
