/** Flows whose verdict changes, and many of them said in few lines. */
import type { Family } from '../../src/net/address.ts'
import { kernelProtocol } from '../protocol.ts'
import { compareText } from '../resource-key.ts'
import { type Explanation, endAt, type Step, type Verdict } from './explanation.ts'
import type { Flow } from './flow.ts'

/** @property by what decides afterwards: the rule, tier or profile that denies, or that allows where something denied before */
export type VerdictChange = { readonly before: Verdict; readonly after: Verdict; readonly by: string }

/** Flows that change alike. @property traffic "tcp/80", "any other tcp port", "any traffic" @property flows how many of those compared */
export type FlowChange = VerdictChange & {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly traffic: readonly string[]
  readonly flows: number
}

/** undefined: the verdict stays. */
export function verdictChange(before: Explanation, after: Explanation): VerdictChange | undefined {
  if (before.verdict === after.verdict) return undefined
  const denied = after.verdict === 'Deny' ? after : before
  const denier = denied.ends.find((end) => end.reached && end.verdict === 'Deny')
  const step = after.ends.find((end) => end.direction === denier?.direction && end.transit === denier.transit)?.steps.at(-1)
  return { before: before.verdict, after: after.verdict, by: step === undefined ? 'no policy' : stepText(step) }
}

/** "NetworkPolicy shop/db ingress rule 2" */
function stepText({ direction, subject, rule }: Step): string {
  return `${subject} ${direction}${rule === undefined ? '' : ` rule ${rule}`}`
}

/** A flow that was seen. */
export function seenChange(flow: Flow, change: VerdictChange, { ends }: Explanation): FlowChange {
  const nameOf = (direction: Step['direction'], address: string) => {
    const endpoint = endAt(ends, direction)?.endpoint.metadata
    return endpoint === undefined ? address : `${endpoint.namespace ?? ''}/${endpoint.name}`
  }
  const port = flow.destinationPort === undefined ? '' : `/${flow.destinationPort}`
  const traffic = [`${kernelProtocol(flow.protocol)}${port}`]
  return { ...change, from: [nameOf('egress', flow.source)], to: [nameOf('ingress', flow.destination)], traffic, flows: 1 }
}

/** What changes between two ends in one family. @property of how many kinds of traffic were compared */
export type FamilyChanges = {
  readonly family: Family
  readonly of: number
  readonly changes: readonly (VerdictChange & { readonly traffic: string })[]
}

/** Between two ends: where both families change alike the family is not told. @param compared one or two */
export function pairChanges(from: string, to: string, compared: readonly FamilyChanges[]): readonly FlowChange[] {
  const told = compared.map((one) => inWords(one, ''))
  const isSame = told.every((words) => JSON.stringify(words) === JSON.stringify(told[0]))
  const words = isSame ? (told[0] ?? []) : compared.flatMap((one) => inWords(one, `IPv${one.family} `))
  return words.map((one) => ({ ...one, from: [from], to: [to] }))
}

function inWords({ of, changes }: FamilyChanges, prefix: string): readonly Omit<FlowChange, 'from' | 'to'>[] {
  const alike = Map.groupBy(changes, ({ before, after, by }) => JSON.stringify([before, after, by]))
  return [...alike.values()].flatMap((some) => {
    const [first] = some
    if (first === undefined) return []
    const { before, after, by } = first
    const traffic = some.length === of ? [`any ${prefix}traffic`] : some.map((one) => `${prefix}${one.traffic}`)
    return [{ traffic, before, after, by, flows: some.length }]
  })
}

/** Changes that differ only in who sends become one, then those that differ only in who receives. */
export function grouped(changes: readonly FlowChange[]): readonly FlowChange[] {
  return merged(merged(changes, 'from'), 'to')
}

function merged(changes: readonly FlowChange[], field: 'from' | 'to'): readonly FlowChange[] {
  const alike = Map.groupBy(changes, (change) => JSON.stringify({ ...change, [field]: [], flows: 0 }))
  return [...alike.values()].flatMap((some) => {
    const [first] = some
    if (first === undefined) return []
    const values = [...new Set(some.flatMap((change) => change[field]))].toSorted(compareText)
    return [{ ...first, [field]: values, flows: some.reduce((sum, { flows }) => sum + flows, 0) }]
  })
}
