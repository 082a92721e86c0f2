/** The chains and hooks that exist always, also with no endpoint and no policy: unknown interfaces with our prefix are dropped. */
import type { Chain, Hook, Match, Rule } from '../felix/kernel.ts'
import { type Family, familyOf } from '../src/net/address.ts'
import { interfaceMatch } from './dispatch-chains.ts'
import type { HostSteps } from './host/host-base.ts'
import type { Marks } from './marks.ts'
import { chainNames, dispatchChainName } from './names.ts'
import type { ServiceLoops } from './packet-checks.ts'
import type { PolicyActions } from './policy-actions.ts'
import { compareText } from './resource-key.ts'
import { clearBits, hasBits } from './rule-chains.ts'
import { type SpoofedSources, spoofedRules } from './source-check.ts'
import { allowedRules, checkDrops, type FlowLogRules, toHostRules, verdictChains } from './verdict-chains.ts'
import { type AllowedTunnels, tunnelRules } from './workload-tunnels.ts'

export type BaseOptions = {
  readonly families: readonly Family[]
  readonly interfacePrefix: string
  readonly marks: Marks
  readonly actions: PolicyActions
  /** undefined: no flow log is kept. */
  readonly flowLog?: FlowLogRules | undefined
}

/**
 * @param allowed tunnels that workloads may make
 * @param strays interfaces of workloads whose names lack the prefix, as after a change of it: whatever comes from them is policed as well
 * @param spoofed what workloads may send from beside their addresses @param loops what becomes of packets to services that lead nowhere
 * @param hostOf what host endpoints add: workloads and their host come first, then the host and its networks
 */
export function baseChains(
  { families, interfacePrefix, marks, actions, flowLog }: BaseOptions,
  allowed: AllowedTunnels,
  strays: readonly string[],
  hostOf: (family: Family) => HostSteps,
  { spoofed, loops }: { readonly spoofed: SpoofedSources; readonly loops: ServiceLoops },
): readonly Chain[] {
  const workloads = workloadPatterns(interfacePrefix, strays)
  const fromWorkloads = workloads.map((name) => interfaceMatch('egress', name))
  const toWorkloads = workloads.map((name) => interfaceMatch('ingress', name))
  const base = families.flatMap((family): Chain[] => {
    const host = hostOf(family)
    return [
      filter(family, chainNames.forward, [
        { match: [], action: clearBits(host.carries ? marks.pass : (marks.accept | marks.pass) >>> 0) },
        ...fromWorkloads.flatMap((from) => tunnelRules(allowed).map((rule) => ({ ...rule, match: [from, ...rule.match] }))),
        ...host.forwardFirst,
        ...fromWorkloads.map((from) => jump([from], dispatchChainName('egress'))),
        ...toWorkloads.map((to) => jump([to], dispatchChainName('ingress'))),
        ...host.forwardLast,
        ...loopRules(loops, family),
        ...allowedRules(flowLog, marks),
      ]),
      filter(family, chainNames.input, [
        ...fromWorkloads.map((from): Rule => ({ match: [from], action: { type: 'goto', chain: chainNames.workloadToHost } })),
        ...host.input,
      ]),
      filter(family, chainNames.workloadToHost, [...tunnelRules(allowed), ...workloadToHostRules(family, actions.toHost, flowLog)]),
      filter(family, chainNames.output, [
        ...toWorkloads.map((to): Rule => ({ match: [to], action: { type: 'accept' }, comment: 'A node always reaches its workloads' })),
        ...host.output,
      ]),
      {
        family,
        table: 'raw',
        name: chainNames.rawPrerouting,
        rules: [
          ...host.rawPrerouting.first,
          ...spoofedRules(spoofed, family),
          ...fromWorkloads.map(
            (from): Rule => ({
              match: [from, { type: 'reverse-path', fails: true }],
              action: checkDrops(flowLog).spoofed,
              comment: 'Spoofed source',
            }),
          ),
          ...host.rawPrerouting.last,
        ],
      },
    ]
  })
  return [...base, ...verdictChains(families, flowLog)]
}

/** Last: what was for a service has gone to a pod long before. */
function loopRules({ action, services }: ServiceLoops, family: Family): readonly Rule[] {
  if (action === undefined) return []
  const own = services.filter((net) => familyOf(net) === family).toSorted(compareText)
  return own.map((net) => ({ match: [{ type: 'destination-net', net }], action: { type: action }, comment: 'No such service' }))
}

/** Patterns of the interfaces of workloads. */
export function workloadPatterns(interfacePrefix: string, strays: readonly string[]): readonly string[] {
  return [`${interfacePrefix}+`, ...strays]
}

/** FORWARD is entered first by our jump; what both ends allowed is accepted only after everything else there. */
export function baseHooks({ families, marks, actions: { jumpsAt: at, allowed } }: BaseOptions): readonly Hook[] {
  return families.flatMap((family): Hook[] => [
    { family, table: 'raw', kernelChain: 'PREROUTING', at, rule: jump([], chainNames.rawPrerouting) },
    { family, table: 'filter', kernelChain: 'INPUT', at, rule: jump([], chainNames.input) },
    { family, table: 'filter', kernelChain: 'OUTPUT', at, rule: jump([], chainNames.output) },
    { family, table: 'filter', kernelChain: 'FORWARD', at, rule: jump([], chainNames.forward) },
    ...(allowed === 'accept' ? [acceptHook(family, marks)] : []),
  ])
}

function acceptHook(family: Family, { accept }: Marks): Hook {
  const rule: Rule = { match: [hasBits(accept)], action: { type: 'accept' }, comment: 'Policy explicitly accepted packet' }
  return { family, table: 'filter', kernelChain: 'FORWARD', at: 'append', rule }
}

/** What a workload needs of its host to have an address and neighbours, the replies its policy allows; else what was chosen. */
function workloadToHostRules(family: Family, toHost: PolicyActions['toHost'], flowLog: FlowLogRules | undefined): readonly Rule[] {
  const needed = family === 4 ? [dhcp(68, 67)] : [...neighbourDiscovery.map(icmpv6), dhcp(546, 547)]
  return [...needed, jump([], dispatchChainName('egress')), ...toHostRules(flowLog, toHost)]
}

/** Multicast listener messages, router solicitation, neighbour solicitation and advertisement; no router advertisement (134): a workload is no router. */
const neighbourDiscovery = [130, 131, 132, 133, 135, 136]

function icmpv6(icmpType: number): Rule {
  return {
    match: [
      { type: 'protocol', protocol: 'icmpv6' },
      { type: 'icmp', icmpType },
    ],
    action: { type: 'accept' },
  }
}

function dhcp(client: number, server: number): Rule {
  const match: readonly Match[] = [
    { type: 'protocol', protocol: 'udp' },
    { type: 'source-ports', ports: [{ from: client, to: client }] },
    { type: 'destination-ports', ports: [{ from: server, to: server }] },
  ]
  return { match, action: { type: 'accept' }, comment: 'DHCP' }
}

function filter(family: Family, name: string, rules: readonly Rule[]): Chain {
  return { family, table: 'filter', name, rules }
}

function jump(match: readonly Match[], chain: string): Rule {
  return { match, action: { type: 'jump', chain } }
}
