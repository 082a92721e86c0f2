/**
 * What a scenario expects, as a policy engineer says it:
 *
 *   web <- client partner: tcp 8080, icmp; outside: udp      into web only this comes
 *   client -> nothing                                        client may send nothing
 *   web <- shop -other: all -udp; all => rejected            groups, exceptions; everything else is answered by a refusal
 *
 * A line about an end closes that direction of it, apart from what the line lists: the first entry that fits decides. Ends that no
 * line speaks of are open, with two exceptions: a node's own pods always hear it (§6.2.1.9), and it hears none of them.
 */
import type { Family, Service } from '../lab/conformance-packet.ts'
import type { Outcome } from '../lab/conformance-prober.ts'

export type Flow = { readonly from: string; readonly to: string; readonly family: Family; readonly service: Service }

export type Expectation = (flow: Flow) => Outcome

/** Names by group: `pods`, each namespace; the ends themselves need no group. */
export type Groups = ReadonlyMap<string, readonly string[]>

type Entry = { readonly peers: ReadonlySet<string>; readonly what: readonly What[]; readonly outcome: Outcome }
type What = { readonly excluded: boolean; readonly holds: (family: Family, service: Service) => boolean }
type Line = { readonly direction: 'in' | 'out'; readonly entries: readonly Entry[] }

/** @throws on a line that cannot be read, or an end nobody knows */
export function expectation(lines: readonly string[], ends: readonly string[], groups: Groups): Expectation {
  const names: Groups = new Map([...groups, ['all', ends], ...ends.map((end) => [end, [end]] as const)])
  const closed = { in: new Map<string, Entry[]>(), out: new Map<string, Entry[]>() }
  for (const text of lines) {
    const [subjects, { direction, entries }] = readLine(text, names)
    for (const subject of subjects) closed[direction].set(subject, [...(closed[direction].get(subject) ?? []), ...entries])
  }
  const pods = new Set(groups.get('pods'))
  return ({ from, to, family, service }) => {
    const out = closed.out.get(from)
    const sent = out === undefined ? 'through' : decide(out, to, family, service)
    if (sent !== 'through') return sent
    if (pods.has(to) && from === 'node') return 'through'
    const into = closed.in.get(to)
    if (into !== undefined) return decide(into, from, family, service)
    return to === 'node' && pods.has(from) ? 'dropped' : 'through'
  }
}

function decide(entries: readonly Entry[], peer: string, family: Family, service: Service): Outcome {
  return entries.find(({ peers, what }) => peers.has(peer) && fits(what, family, service))?.outcome ?? 'dropped'
}

function fits(what: readonly What[], family: Family, service: Service): boolean {
  const excluded = what.some((one) => one.excluded && one.holds(family, service))
  return !excluded && what.some((one) => !one.excluded && one.holds(family, service))
}

function readLine(text: string, names: Groups): [subjects: ReadonlySet<string>, line: Line] {
  const read = /^(.+?) (<-|->) (.+)$/.exec(text)
  if (read === null) throw new Error(`"${text}" has no "<-" or "->" between words`)
  const [, subjects = '', arrow, entries = ''] = read
  const listed = entries === 'nothing' ? [] : entries.split(';').map((entry) => readEntry(entry.trim(), names, text))
  return [readNames(subjects, names, text), { direction: arrow === '<-' ? 'in' : 'out', entries: listed }]
}

function readEntry(text: string, names: Groups, line: string): Entry {
  const [said = '', outcome = 'through'] = text.split(' => ')
  if (!isOutcome(outcome)) throw new Error(`"${outcome}" is no outcome, in "${line}"`)
  const [peers = '', what = 'all'] = said.split(': ')
  return { peers: readNames(peers, names, line), what: what.split(',').flatMap((one) => readWhat(one.trim(), line)), outcome }
}

/** "all -client": words are united, those after "-" taken away. */
function readNames(text: string, names: Groups, line: string): ReadonlySet<string> {
  const named = (word: string) => {
    const group = names.get(word)
    if (group === undefined) throw new Error(`nobody is called "${word}", in "${line}"`)
    return group
  }
  const words = text.split(' ')
  const wanted = new Set(words.filter((word) => !word.startsWith('-')).flatMap(named))
  const unwanted = words.filter((word) => word.startsWith('-')).flatMap((word) => named(word.slice(1)))
  return new Set([...wanted].filter((name) => !unwanted.includes(name)))
}

/** "v4 tcp 80 8000-8010", "all", "-udp", "all -udp 53". */
function readWhat(text: string, line: string): readonly What[] {
  const [first, ...rest] = text.split(/ (?=-[a-z])/)
  return [first ?? '', ...rest].map((part) => readService(part, line))
}

function readService(text: string, line: string): What {
  const words = text.replace(/^-/, '').split(' ')
  const wanted: Family | undefined = words[0] === 'v4' ? 4 : words[0] === 'v6' ? 6 : undefined
  const [protocol = 'all', ...numbers] = wanted === undefined ? words : words.slice(1)
  const isProtocol = protocolTest(protocol, line)
  const ranges = numbers.map((range) => readRange(range, line))
  return {
    excluded: text.startsWith('-'),
    holds: (family, service) =>
      (wanted === undefined || wanted === family) &&
      isProtocol(service) &&
      (ranges.length === 0 || ranges.some(([from, to]) => from <= numberOf(service) && numberOf(service) <= to)),
  }
}

const protocols = ['tcp', 'udp', 'sctp', 'udplite', 'icmp6', 'other']

function protocolTest(word: string, line: string): (service: Service) => boolean {
  if (word === 'all') return () => true
  // Without a family's types, "icmp" is that of both.
  if (word === 'icmp') return ({ protocol }) => protocol === 'icmp' || protocol === 'icmp6'
  if (word === 'icmp4') return ({ protocol }) => protocol === 'icmp'
  if (!protocols.includes(word)) throw new Error(`"${word}" is no protocol, in "${line}"`)
  return ({ protocol }) => protocol === word
}

function readRange(text: string, line: string): readonly [number, number] {
  const read = /^(\d+)(?:-(\d+))?$/.exec(text)
  if (read === null) throw new Error(`"${text}" is no number or range, in "${line}"`)
  return [Number(read[1]), Number(read[2] ?? read[1])]
}

/** Port, ICMP type or protocol number. */
function numberOf(service: Service): number {
  if (service.protocol === 'other') return service.number
  return 'port' in service ? service.port : service.icmpType
}

function isOutcome(text: string): text is Outcome {
  return ['through', 'one-way', 'rejected', 'dropped'].includes(text)
}
