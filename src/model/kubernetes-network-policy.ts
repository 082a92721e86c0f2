import Type, { type StaticDecode } from 'typebox'
import { containsPrefix, parsePrefix } from '../net/prefix.ts'
import { calicoPeerFieldsHere, calicoPolicyFieldsHere, calicoRuleFieldsHere } from './foreign-fields.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import { ruleCountProblems } from './kubernetes-rule-count.ts'
import { labelSelector } from './label-selector.ts'
import type { Problem } from './resource.ts'
import { cidr, isPortName, portNumber, transportProtocol } from './scalars.ts'
import { closedObject, crossChecked, textOrInteger } from './schema-check.ts'

const ipBlock = crossChecked(closedObject({ cidr, except: Type.Optional(Type.Array(cidr)) }), exceptProblems)

const peer = crossChecked(
  closedObject(
    {
      podSelector: Type.Optional(labelSelector),
      namespaceSelector: Type.Optional(labelSelector),
      ipBlock: Type.Optional(ipBlock),
    },
    calicoPeerFieldsHere,
  ),
  peerProblems,
)

const port = crossChecked(
  closedObject(
    {
      protocol: Type.Optional(transportProtocol),
      port: Type.Optional(
        textOrInteger(
          (value) => (typeof value === 'number' ? numberedPort(value) : isPortName(value) ? value : undefined),
          'a port 1 to 65535, or the name of a container port: at most 15 of a-z, 0-9 and single "-", with a letter',
          meantPort,
        ),
      ),
      endPort: Type.Optional(portNumber),
    },
    {},
    { port: 80 },
  ),
  endPortProblems,
)

const peers = Type.Optional(Type.Array(peer))
const ports = Type.Optional(Type.Array(port))

export const kubernetesPolicyFields = {
  podSelector: labelSelector,
  policyTypes: Type.Optional(Type.Array(Type.Enum(['Ingress', 'Egress']), { maxItems: 2, uniqueItems: true })),
  ingress: Type.Optional(Type.Array(closedObject({ from: peers, ports }, calicoRuleFieldsHere))),
  egress: Type.Optional(Type.Array(closedObject({ to: peers, ports }, calicoRuleFieldsHere))),
}

const spec = crossChecked(closedObject(kubernetesPolicyFields, calicoPolicyFieldsHere), ruleCountProblems)

type Spec = Frozen<StaticDecode<typeof spec>>

/** Resource reference §6.15. After checks and defaults `policyTypes` and each port's `protocol` are set. */
export type KubernetesNetworkPolicySpec = Spec & { readonly policyTypes: readonly ('Ingress' | 'Egress')[] }

export const kubernetesNetworkPolicy = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
  spec,
  complete: ({ metadata, spec }) => ({ metadata, spec: kubernetesPolicySpec(spec) }),
})

/** The spec with `policyTypes` and protocols filled. */
export function kubernetesPolicySpec(spec: Spec): KubernetesNetworkPolicySpec {
  const { policyTypes = [], ingress, egress } = spec
  const derived: readonly ('Ingress' | 'Egress')[] = (egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
  return {
    ...spec,
    policyTypes: policyTypes.length > 0 ? policyTypes : derived,
    ...(ingress !== undefined && { ingress: ingress.map(withProtocols) }),
    ...(egress !== undefined && { egress: egress.map(withProtocols) }),
  }
}

function withProtocols<Rule extends { readonly ports?: readonly { readonly protocol?: string }[] }>(rule: Rule): Rule {
  return rule.ports === undefined ? rule : { ...rule, ports: rule.ports.map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' })) }
}

/** An empty peer would read as "anyone" to a careless reader, so it is nobody's: refused (§6.15 rule 8). */
function peerProblems(peer: object): readonly Problem[] {
  const fields = Object.keys(peer)
  if (fields.length === 0) return [{ path: '', reason: 'must have podSelector, namespaceSelector or ipBlock' }]
  return fields.includes('ipBlock') && fields.length > 1 ? [{ path: 'ipBlock', reason: 'excludes podSelector and namespaceSelector' }] : []
}

function exceptProblems(block: { readonly cidr: string; readonly except?: readonly string[] }): readonly Problem[] {
  const outer = parsePrefix(block.cidr)
  return (block.except ?? []).flatMap((value, i) => {
    const inner = parsePrefix(value)
    const inside = outer !== undefined && inner !== undefined && inner.length > outer.length && containsPrefix(outer, inner)
    return inside ? [] : [{ path: `except[${i}]`, reason: `must lie strictly inside ${block.cidr}`, value }]
  })
}

function endPortProblems({ port, endPort }: { readonly port?: number | string; readonly endPort?: number }): readonly Problem[] {
  if (endPort === undefined) return []
  if (typeof port !== 'number') return [{ path: 'endPort', reason: 'needs a numeric port', value: endPort }]
  return endPort < port ? [{ path: 'endPort', reason: `must be at least the port, ${port}`, value: endPort }] : []
}

function numberedPort(value: number): number | undefined {
  return value >= 1 && value <= 65_535 ? value : undefined
}

/** "80" and "80-90". */
function meantPort(value: string | number): string | undefined {
  const [, first, last] = /^(\d{1,5})(?:[-:](\d{1,5}))?$/.exec(String(value)) ?? []
  if (first === undefined || typeof value === 'number') return undefined
  return last === undefined ? `${first} without quotes` : `port: ${first} with endPort: ${last}`
}
