/** A scenario of the conformance suite, and the short forms in which its resources are written. */

export type Step = {
  /** What is done before the packets are sent, in this order. YAML. */
  readonly apply?: string
  readonly delete?: string
  /** Lines of `expectation`; [] = everything is open. */
  readonly expect: readonly string[]
}

/**
 * One distinct meaning.
 * @property title begins with the section of the resource reference
 * @property resources YAML, beside those of the world (`world.ts`); WorkloadEndpoints, Namespaces and ServiceAccounts replace those there
 * @property probes services probed beside the usual ones
 * @property later what changes while it runs, and what is expected then
 */
export type Scenario = {
  readonly title: string
  readonly resources: string
  readonly expect: readonly string[]
  readonly probes?: string
  readonly later?: readonly Step[]
}

/** networking.k8s.io/v1 NetworkPolicy. @param where "namespace/name" @param spec YAML */
export function knp(where: string, spec: string): string {
  return document('networking.k8s.io/v1', 'NetworkPolicy', where, spec)
}

/** projectcalico.org/v3 NetworkPolicy. */
export function np(where: string, spec: string): string {
  return document('projectcalico.org/v3', 'NetworkPolicy', where, spec)
}

export function gnp(name: string, spec: string): string {
  return document('projectcalico.org/v3', 'GlobalNetworkPolicy', name, spec)
}

export function tier(name: string, spec: string): string {
  return document('projectcalico.org/v3', 'Tier', name, spec)
}

export function profile(name: string, spec: string): string {
  return document('projectcalico.org/v3', 'Profile', name, spec)
}

/** @param labels flow YAML: "{ zone: out }" */
export function globalSet(name: string, labels: string, nets: string): string {
  return document('projectcalico.org/v3', 'GlobalNetworkSet', name, `nets: ${nets}`, labels)
}

export function networkSet(where: string, labels: string, nets: string): string {
  return document('projectcalico.org/v3', 'NetworkSet', where, `nets: ${nets}`, labels)
}

export function hostEndpoint(name: string, labels: string, spec: string): string {
  return document('projectcalico.org/v3', 'HostEndpoint', name, spec, labels)
}

/** policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy. */
export function cnp(name: string, spec: string): string {
  return document('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', name, spec)
}

/** FelixConfiguration `default`. */
export function felix(spec: string): string {
  return document('projectcalico.org/v3', 'FelixConfiguration', 'default', spec)
}

export function document(apiVersion: string, kind: string, where: string, spec: string, labels?: string): string {
  const [namespace, name] = where.includes('/') ? where.split('/') : [undefined, where]
  const lines = [
    '---',
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'metadata:',
    `  name: ${name}`,
    ...(namespace === undefined ? [] : [`  namespace: ${namespace}`]),
    ...(labels === undefined ? [] : [`  labels: ${labels}`]),
    'spec:',
    ...spec.split('\n').flatMap((line) => (line.trim() === '' ? [] : [`  ${line}`])),
    '',
  ]
  return lines.join('\n')
}
