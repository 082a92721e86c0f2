/**
 * The kernel, as its own tools show it, held against stored resources. Knows only the few shapes of resources that its scenario
 * makes, but judges them by their meaning: who may connect to whom, by a second reading of policy, not by how rules are rendered.
 */
import type { Namespace } from './namespace.ts'
import { forwardVerdict, readSavedRules, readSavedSets } from './saved-rules.ts'

export type Endpoint = { readonly name: string; readonly address: string; readonly device: string; readonly role: string }

/** Of all whose role it selects: the first rule decides that fits source role or net, and port. No rule fits: dropped. */
export type Policy = {
  readonly name: string
  readonly order: number
  readonly role: string
  readonly rules: readonly {
    readonly action: 'Allow' | 'Deny'
    readonly from: { readonly role: string } | { readonly net: string }
    readonly port: number
  }[]
}

/** Addresses with a role that are no endpoints. */
export type NetworkSet = { readonly name: string; readonly role: string; readonly addresses: readonly string[] }

export type Stored = {
  readonly podCidr: string
  readonly endpoints: readonly Endpoint[]
  readonly policies: readonly Policy[]
  readonly networkSets: readonly NetworkSet[]
}

/** The place everybody outside comes from. */
export type Outside = { readonly device: string; readonly addresses: readonly string[] }

export const auditedPorts = [80, 443, 5432]

/** @returns what differs, a sentence each; nothing when the kernel is exactly what is stored */
export async function auditKernel(namespace: Namespace, stored: Stored, outside: Outside): Promise<readonly string[]> {
  const [routes, saved, ipsets] = await Promise.all([
    namespace.ip('-4', 'route', 'show', 'proto', '116'),
    namespace.run('iptables-save', ['-t', 'filter']),
    namespace.run('ipset', ['save']),
  ])
  const found = routes.split('\n').map((line) => line.trim())
  const rules = readSavedRules(saved)
  const sets = readSavedSets(ipsets)
  return [
    ...difference('route', expectedRoutes(stored), found),
    ...difference('chain', expectedChains(stored), ownChains(rules.chains.keys())),
    ...unusedSets(saved, [...sets.keys()]),
    ...verdicts(rules, sets, stored, outside),
  ]
}

function expectedRoutes({ podCidr, endpoints }: Stored): readonly string[] {
  const gateway = endpoints.length > 0 ? ['169.254.1.1 dev lo scope link'] : []
  return [`blackhole ${podCidr}`, ...gateway, ...endpoints.map(({ address, device }) => `${address} dev ${device} scope link`)]
}

/** Chains by endpoint and by policy; those that exist always are left out. */
function expectedChains({ endpoints, policies }: Stored): readonly string[] {
  const active = policies.filter(({ role }) => endpoints.some((endpoint) => endpoint.role === role))
  return [
    ...endpoints.flatMap(({ device }) => [`tort-fw-${device}`, `tort-tw-${device}`]),
    ...active.map(({ name }) => `tort-pi-gnp/${name}`),
  ]
}

function ownChains(names: Iterable<string>): readonly string[] {
  return [...names].filter((name) => /^tort-(fw|tw|pi|po)-/.test(name))
}

function unusedSets(saved: string, sets: readonly string[]): readonly string[] {
  return sets.filter((name) => name.startsWith('tort4') && !saved.includes(` ${name} `)).map((name) => `the set ${name} is used by no rule`)
}

function verdicts(
  rules: ReturnType<typeof readSavedRules>,
  sets: ReturnType<typeof readSavedSets>,
  stored: Stored,
  outside: Outside,
): readonly string[] {
  const from = [
    ...stored.endpoints.map(({ address, device }) => ({ source: address, inInterface: device })),
    ...outside.addresses.map((source) => ({ source, inInterface: outside.device })),
  ]
  return stored.endpoints.flatMap((endpoint) =>
    from
      .filter(({ source }) => source !== endpoint.address)
      .flatMap((sender) =>
        auditedPorts.flatMap((destinationPort) => {
          const packet = { ...sender, destination: endpoint.address, outInterface: endpoint.device, destinationPort }
          const wanted = mayConnect(stored, sender.source, endpoint, destinationPort) ? 'ACCEPT' : 'DROP'
          const programmed = forwardVerdict(rules, sets, packet)
          if (programmed === wanted) return []
          return [`${sender.source} to ${endpoint.address} port ${destinationPort} is ${programmed} instead of ${wanted}`]
        }),
      ),
  )
}

/** What the stored policies mean, read once more: by order, then by name. */
export function mayConnect({ endpoints, policies, networkSets }: Stored, source: string, to: Endpoint, port: number): boolean {
  const roles = [
    ...endpoints.filter(({ address }) => address === source).map(({ role }) => role),
    ...networkSets.filter(({ addresses }) => addresses.includes(source)).map(({ role }) => role),
  ]
  const concerning = policies.filter(({ role }) => role === to.role)
  const ordered = concerning.toSorted((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1))
  const deciding = ordered
    .flatMap(({ rules }) => rules)
    .find((rule) => rule.port === port && ('role' in rule.from ? roles.includes(rule.from.role) : rule.from.net === `${source}/32`))
  return deciding === undefined ? concerning.length === 0 : deciding.action === 'Allow'
}

function difference(what: string, wanted: readonly string[], found: readonly string[]): readonly string[] {
  const missing = wanted.filter((each) => !found.includes(each)).map((each) => `${what} "${each}" is missing`)
  const surplus = found.filter((each) => each !== '' && !wanted.includes(each)).map((each) => `${what} "${each}" is wanted by nothing`)
  return [...missing, ...surplus]
}
