/** The resources of the audit's scenario: made at random from a seed, written as a user would post them, read back from a copy of the store. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { auditedPorts, type Endpoint, type NetworkSet, type Policy } from './kernel-audit.ts'

/** One resource of the scenario, by its kind. */
export type Audited =
  | { readonly kind: 'WorkloadEndpoint'; readonly value: Endpoint }
  | { readonly kind: 'GlobalNetworkPolicy'; readonly value: Policy }
  | { readonly kind: 'GlobalNetworkSet'; readonly value: NetworkSet }

/** @returns a number of 0 up to but without `below` */
export type Random = (below: number) => number

/** The same seed gives the same numbers (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const roles = ['web', 'db', 'client']

/** @param endpoints those whose interface exists */
export function randomResource(random: Random, endpoints: readonly Omit<Endpoint, 'role'>[], addresses: readonly string[]): Audited {
  const role = () => roles[random(roles.length)] ?? 'web'
  const kind = random(3)
  const endpoint = endpoints[random(endpoints.length)]
  if (kind === 0 && endpoint !== undefined) return { kind: 'WorkloadEndpoint', value: { ...endpoint, role: role() } }
  if (kind === 1) {
    const members = addresses.filter(() => random(2) === 0)
    return { kind: 'GlobalNetworkSet', value: { name: `set-${random(3)}`, role: role(), addresses: members } }
  }
  const rule = (): Policy['rules'][number] => ({
    action: random(2) === 0 ? 'Allow' : 'Deny',
    from: random(3) > 0 ? { role: role() } : { net: `${addresses[random(addresses.length)]}/32` },
    port: auditedPorts[random(auditedPorts.length)] ?? 80,
  })
  const rules = Array.from({ length: 1 + random(3) }, rule)
  return { kind: 'GlobalNetworkPolicy', value: { name: `policy-${random(5)}`, order: random(3), role: role(), rules } }
}

/** As a user posts it. */
export function document(resource: Audited): unknown {
  const base = { apiVersion: 'projectcalico.org/v3', kind: resource.kind }
  switch (resource.kind) {
    case 'WorkloadEndpoint': {
      const { name, role, device, address } = resource.value
      const spec = {
        node: 'node-n',
        orchestrator: 'k8s',
        pod: name,
        endpoint: 'eth0',
        interfaceName: device,
        ipNetworks: [`${address}/32`],
      }
      return { ...base, metadata: { name, namespace: 'default', labels: { role } }, spec }
    }
    case 'GlobalNetworkSet': {
      const { name, role, addresses } = resource.value
      return { ...base, metadata: { name, labels: { role } }, spec: { nets: addresses.map((address) => `${address}/32`) } }
    }
    case 'GlobalNetworkPolicy': {
      const { name, role, order, rules } = resource.value
      const ingress = rules.map(({ action, from, port }) => ({
        action,
        protocol: 'TCP',
        source: 'role' in from ? { selector: `role == '${from.role}'` } : { nets: [from.net] },
        destination: { ports: [port] },
      }))
      return { ...base, metadata: { name }, spec: { order, selector: `role == '${role}'`, types: ['Ingress'], ingress } }
    }
  }
}

/** What a store has on the disk, read from a copy: the documents a user posted, by kind and name. */
export async function storedDocuments(directory: string): Promise<ReadonlyMap<string, unknown>> {
  const copy = await mkdtemp(path.join(os.tmpdir(), 'tortie-store-'))
  try {
    await cp(directory, copy, { recursive: true })
    const database = new DatabaseSync(path.join(copy, 'tortie.db'))
    const rows = database.prepare('SELECT kind, name, json FROM resource').all()
    database.close()
    return new Map(rows.map(({ kind, name, json }) => [`${String(kind)}/${String(name)}`, JSON.parse(String(json)) as unknown]))
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}
