/** Resources for tests: valid but for what the test puts in. */
import type { CheckContext } from './kind.ts'
import { checkResource } from './kinds.ts'

export const context: CheckContext = { nodeName: 'node-a', interfacePrefix: 'tort' }

type Fields = Readonly<Record<string, unknown>>

/** A resource of projectcalico.org/v3. Kinds in no namespace ignore nothing: leave `namespace` out for them. */
export function calico(kind: string, spec: unknown, metadata: Fields = {}): Fields {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: { name: 'sample', ...metadata }, spec }
}

export function kubernetesPolicy(spec: unknown, metadata: Fields = {}): Fields {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'sample', ...metadata }, spec }
}

/** A GlobalNetworkPolicy with one ingress rule. */
export function withRule(rule: Fields): Fields {
  return calico('GlobalNetworkPolicy', { ingress: [rule] })
}

/** [path, reason] of each problem, in order; [] for a valid resource. */
export function problemsOf(resource: unknown): readonly (readonly [path: string, reason: string])[] {
  return (checkResource(resource, context).problems ?? []).map(({ path, reason }) => [path, reason])
}

/** The stored form of a valid resource. @throws Error with its problems */
export function stored(resource: unknown) {
  const { resource: checked, problems } = checkResource(resource, context)
  if (checked === undefined) throw new Error(JSON.stringify(problems))
  return checked
}
