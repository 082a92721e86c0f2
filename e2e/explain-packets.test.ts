/**
 * What `explain` says, and what becomes of real packets in real chains: random policies of every kind on the ends of the conformance
 * lab, all pairs, TCP, UDP, SCTP and ICMP, both families. EXPLAIN_SEED repeats a run, EXPLAIN_ROUNDS makes it longer.
 */
import fc from 'fast-check'
import t from 'tap'
import type { Explanation } from '../policy/explain/explanation.ts'
import { stepsOf } from '../policy/explain/explanation.ts'
import { PolicyGraph } from '../policy/graph.ts'
import { icmpProtocol } from '../policy/protocol.ts'
import { checkDocuments, readDocuments } from '../src/model/documents.ts'
import type { Resource } from '../src/model/resource.ts'
import type { IpAddress } from '../src/net/address.ts'
import { familiesOf, readServices, usualServices } from './conformance/services.ts'
import { nodeAddresses, nodeName, pod, world } from './conformance/world.ts'
import { type Document, round } from './explain/random-policies.ts'
import { ConformanceLab } from './lab/conformance-lab.ts'
import { protocolNumber } from './lab/conformance-packet.ts'
import { describe, type Outcome, type Probe } from './lab/conformance-prober.ts'

const seed = Number(process.env.EXPLAIN_SEED ?? Date.now() % 1_000_000)
const rounds = Number(process.env.EXPLAIN_ROUNDS ?? 24)
const leastHits = 50

const lab = await ConformanceLab.create({ felix: { iptablesBackend: 'nft' } })
t.teardown(() => lab.remove())

/** How often each thing decided, or was passed on the way, of the packets that were sent. */
const hits = new Map<string, number>()
const wanted = [
  ...['Allow', 'Deny', 'Reject', 'Pass', 'Log'].map((action) => `action ${action}`),
  ...['kube-admin', 'first', 'default', 'kube-baseline'].map((tier) => `tier ${tier}`),
  ...['NetworkPolicy', 'GlobalNetworkPolicy', 'Kubernetes NetworkPolicy', 'ClusterNetworkPolicy', 'Profile', 'Tier'].map(
    (kind) => `kind ${kind}`,
  ),
  ...['egress', 'ingress'].flatMap((direction) => [`${direction} Allow`, `${direction} Deny`]),
  ...['4', '6'].flatMap((family) => [`IPv${family} Allow`, `IPv${family} Deny`]),
  ...['tcp', 'udp', 'sctp', 'icmp', 'icmp6'].flatMap((protocol) => [`${protocol} Allow`, `${protocol} Deny`]),
  'both ends policed',
  'a rule of a service matches',
  'a rule of a service does not match',
]

t.test(`explain and real packets agree, seed ${seed}`, async (t) => {
  const probes = allProbes()
  let denied = 0
  // The pod whose profile is random, too.
  const fixed = `${world}${pod('plain', { profiles: ['custom'] })}`
  for (const documents of fc.sample(round, { seed, numRuns: rounds })) {
    await lab.node.apply(`${yaml(documents)}${pod('plain', { profiles: ['custom'] })}`)
    const graph = graphOf(`${fixed}${yaml(documents)}`)
    lab.forgetConnections()
    const outcomes = lab.prober.probe(probes)
    const ofServices = serviceRules(documents)
    const wrong = probes.flatMap((probe, i) => {
      const explanation = graph.explain(flowOf(probe), { nodeAddresses: Object.values(nodeAddresses) as IpAddress[] })
      count(probe, explanation, ofServices)
      if (explanation.verdict === 'Deny') denied++
      return outcomes[i] === expected(explanation) ? [] : [`${describe(probe)} is ${outcomes[i]}, explained as ${told(explanation)}`]
    })
    if (wrong.length > 0) return t.fail(`${wrong.length} of ${probes.length} fare otherwise`, { wrong, policies: yaml(documents) })
    await lab.node.delete(yaml(documents.filter(({ kind }) => kind.endsWith('Policy'))))
  }
  const sent = probes.length * rounds
  t.comment(`${sent} packets in ${rounds} rounds, ${denied} denied; seed ${seed}`)
  for (const name of wanted) t.comment(`${name}: ${hits.get(name) ?? 0}`)
  t.ok(denied >= 0.3 * sent, `${denied} of ${sent} denied`)
  for (const name of wanted) t.ok((hits.get(name) ?? 0) >= leastHits, `${name}: ${hits.get(name) ?? 0}`)
})

function told(explanation: Explanation): string {
  const steps = stepsOf(explanation).map(({ direction, subject, rule, outcome }) => `${direction} ${subject} ${rule ?? ''}: ${outcome}`)
  return [explanation.verdict, ...steps].join('; ')
}

/** All pairs, all services, both families. */
function allProbes(): readonly Probe[] {
  const services = readServices(usualServices)
  const ends = [...lab.ends.values()]
  return ends.flatMap((from) =>
    ends.flatMap((to) =>
      from === to ? [] : services.flatMap((service) => familiesOf(service).map((family): Probe => ({ from, to, family, service }))),
    ),
  )
}

function flowOf({ from, to, family, service }: Probe): Parameters<PolicyGraph['explain']>[0] {
  const ends = { source: from.addresses[family] as IpAddress, destination: to.addresses[family] as IpAddress }
  if ('icmpType' in service) return { ...ends, protocol: icmpProtocol(family), icmpType: service.icmpType, icmpCode: 0 }
  const ports = 'port' in service ? { sourcePort: 20_001, destinationPort: service.port } : {}
  return { ...ends, protocol: protocolNumber(service), ...ports }
}

function expected(explanation: Explanation): Outcome {
  if (explanation.verdict === 'Allow') return 'through'
  return stepsOf(explanation).at(-1)?.outcome === 'Reject' ? 'rejected' : 'dropped'
}

function count({ family, service }: Probe, explanation: Explanation, ofServices: ReadonlySet<string>): void {
  const { verdict, ends } = explanation
  const names = new Set([`IPv${family} ${verdict}`, `${service.protocol} ${verdict}`])
  for (const end of ends) if (end.reached) names.add(`${end.direction} ${end.verdict}`)
  const policed = ends.filter(({ reached, steps }) => reached && steps.some(({ tier }) => tier !== undefined))
  if (policed.length === 2) names.add('both ends policed')
  for (const { direction, subject, rule, tier, outcome } of stepsOf(explanation)) {
    if (ofServices.has(`${direction} ${subject} ${rule}`))
      names.add(`a rule of a service ${outcome === 'no match' ? 'does not match' : 'matches'}`)
    if (outcome === 'no match') continue
    const kind = /^(Kubernetes )?\w+/.exec(subject)?.[0] ?? ''
    names.add(`kind ${kind}`)
    if (kind !== 'Tier') names.add(`action ${outcome}`)
    if (tier !== undefined) names.add(`tier ${tier}`)
  }
  for (const name of names) hits.set(name, (hits.get(name) ?? 0) + 1)
}

/** The rules that name a service, as steps call them: "ingress NetworkPolicy shop/np-a 0". */
function serviceRules(documents: readonly Document[]): ReadonlySet<string> {
  const named = documents.flatMap(({ kind, metadata: { name, namespace }, spec }) =>
    ['ingress', 'egress'].flatMap((direction) => {
      const rules = (spec[direction] ?? []) as readonly object[]
      const subject = `${direction} ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
      return rules.flatMap((rule, i) => (JSON.stringify(rule).includes('"services"') ? [`${subject} ${i}`] : []))
    }),
  )
  return new Set(named)
}

/** The same resources as the node has, checked and with the same defaults. */
function graphOf(text: string): PolicyGraph {
  const graph = new PolicyGraph({ nodeName, interfacePrefix: 'tort', ipv6: true })
  for (const resource of resourcesOf(text)) graph.put(resource)
  return graph
}

function resourcesOf(text: string): readonly Resource[] {
  return text.split('---\n').flatMap((part) => {
    if (part.trim() === '') return []
    const { items = [] } = readDocuments(part, 'yaml')
    const { items: checked = [], problems } = checkDocuments(items, { nodeName, interfacePrefix: 'tort' })
    if (problems !== undefined) throw new Error(`${JSON.stringify(problems)} in ${part}`)
    return checked.map(({ resource }) => resource)
  })
}

function yaml(documents: readonly Document[]): string {
  return documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('')
}
