/** How packets come to the chains of host endpoints: what the fixed chains gain while one is in force, and nothing while none is. */
import type { Chain, Hook, Match, Rule } from '../../felix/kernel.ts'
import type { Family } from '../../src/net/address.ts'
import type { Marks } from '../marks.ts'
import { chainNames, hostDispatchName } from '../names.ts'
import type { PolicyActions } from '../policy-actions.ts'
import { clearBits, hasBits, lacksBits } from '../rule-chains.ts'
import type { HostPlace } from './host-places.ts'

/** @property tunnelled whether this node has an IP-in-IP tunnel, whose own chains say who may use it */
export type HostBaseOptions = {
  readonly marks: Marks
  readonly actions: Pick<PolicyActions, 'allowed' | 'jumpsAt'>
  readonly tunnelled: boolean
}

/**
 * Rules for the fixed chains. @property carries whether the mark of acceptance may come from the raw or mangle table: there it has been
 * cleared first, so it is ours
 */
export type HostSteps = {
  readonly carries: boolean
  readonly rawPrerouting: { readonly first: readonly Rule[]; readonly last: readonly Rule[] }
  readonly input: readonly Rule[]
  readonly output: readonly Rule[]
  readonly forwardFirst: readonly Rule[]
  readonly forwardLast: readonly Rule[]
}

/** @param places where some host endpoint has something to say */
export function hostSteps(places: readonly HostPlace[], family: Family, { marks, actions, tunnelled }: HostBaseOptions): HostSteps {
  const { accept, pass } = marks
  const at = (stage: HostPlace['stage'], direction: HostPlace['direction']) =>
    places.some((place) => place.stage === stage && place.direction === direction && place.afterDnat === undefined)
  const carries = carriesMark(places)
  const clear: Rule = { match: [], action: clearBits((accept | pass) >>> 0) }
  const allowed: readonly Rule[] =
    actions.allowed === 'accept'
      ? [{ match: [hasBits(accept)], action: { type: 'accept' }, comment: 'Host endpoint policy accepted packet' }]
      : []
  const before: readonly Rule[] = carries
    ? [{ match: [hasBits(accept)], action: { type: actions.allowed }, comment: 'Accepted before conntrack or DNAT' }]
    : []
  const tunnel: readonly Rule[] = tunnelled && family === 4 ? [tunnelPackets] : []
  const local = (direction: HostPlace['direction'], ...skip: readonly Rule[]) =>
    at('normal', direction) ? [...before, ...tunnel, clear, ...skip, jump(hostDispatchName(direction, false)), ...allowed] : []
  return {
    carries,
    rawPrerouting: {
      first: carries ? [clear] : [],
      last: at('doNotTrack', 'ingress') ? [jump(hostDispatchName('ingress', false)), untrack(marks)] : [],
    },
    input: local('ingress'),
    output: local('egress', { match: dnatOfHost, action: { type: 'return' }, comment: 'Asked about after DNAT' }),
    forwardFirst: at('forward', 'ingress')
      ? [{ ...jump(hostDispatchName('ingress', true)), match: carries ? [lacksBits(accept)] : [] }]
      : [],
    forwardLast: at('forward', 'egress') ? [jump(hostDispatchName('egress', true))] : [],
  }
}

/** The chains and hooks that exist only while host endpoints are in force. */
export function hostBase(
  places: readonly HostPlace[],
  families: readonly Family[],
  { marks, actions }: Omit<HostBaseOptions, 'tunnelled'>,
): { readonly chains: readonly Chain[]; readonly hooks: readonly Hook[] } {
  const { accept, pass } = marks
  const clear: Rule = { match: [], action: clearBits((accept | pass) >>> 0) }
  const carries = carriesMark(places)
  const untracked = places.some(({ stage, direction }) => stage === 'doNotTrack' && direction === 'egress')
  const rules: readonly (readonly [Chain['table'], kernelChain: string, name: string, rules: readonly Rule[]])[] = [
    [
      'raw',
      'OUTPUT',
      chainNames.rawOutput,
      carries ? [clear, ...(untracked ? [jump(hostDispatchName('egress', false)), untrack(marks)] : [])] : [],
    ],
    [
      'mangle',
      'PREROUTING',
      chainNames.manglePrerouting,
      places.some(({ stage }) => stage === 'preDNAT') ? [{ ...jump(hostDispatchName('ingress', false)), match: [lacksBits(accept)] }] : [],
    ],
    [
      'mangle',
      'POSTROUTING',
      chainNames.manglePostrouting,
      places.some(({ afterDnat }) => afterDnat) ? [{ ...jump(hostDispatchName('egress', false)), match: dnatOfHost }] : [],
    ],
  ]
  const used = rules.filter(([, , , list]) => list.length > 0)
  return {
    chains: families.flatMap((family) => used.map(([table, , name, list]): Chain => ({ family, table, name, rules: list }))),
    hooks: families.flatMap((family) =>
      used.map(([table, kernelChain, name]): Hook => ({ family, table, kernelChain, at: actions.jumpsAt, rule: jump(name) })),
    ),
  }
}

/**
 * What the host sends and a DNAT has changed: in OUTPUT the kernel still shows the interface of the former destination. Of what is only
 * forwarded no source is the host's.
 */
const dnatOfHost: readonly Match[] = [
  { type: 'conntrack', states: ['DNAT'] },
  { type: 'address-type', side: 'source', addressType: 'LOCAL' },
]

/** They are between nodes: what is inside is asked about by itself, and host endpoints are not to cut nodes from each other. */
const tunnelPackets: Rule = {
  match: [{ type: 'protocol', protocol: 4 }],
  action: { type: 'return' },
  comment: 'The tunnel has its own rules',
}

/** Whether anything accepts in the raw or mangle table. */
function carriesMark(places: readonly HostPlace[]): boolean {
  return places.some(({ stage }) => stage === 'doNotTrack' || stage === 'preDNAT')
}

/** Allowed by untracked policy: conntrack is to leave it alone. */
function untrack({ accept }: Marks): Rule {
  return { match: [hasBits(accept)], action: { type: 'no-track' } }
}

function jump(chain: string): Rule {
  return { match: [], action: { type: 'jump', chain } }
}
