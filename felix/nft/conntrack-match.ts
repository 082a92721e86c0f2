import type { Match } from '../kernel.ts'
import { machineU32 } from './attribute-writer.ts'
import { ctKeys, type Expressions } from './expressions.ts'

type State = Extract<Match, { type: 'conntrack' }>['states'][number]

// linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT, IPS_DST_NAT
const stateBits: Readonly<Record<Exclude<State, 'DNAT'>, number>> = { INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 64 }
const DST_NAT = 32

/**
 * A packet is in exactly one of the states, and beside that its connection may be one with a translated destination.
 *
 * @throws Error for "this state or DNAT", which takes two rules
 */
export function conntrackMatch(out: Expressions, states: readonly State[], negated: boolean): Expressions {
  const bits = states.reduce((sum, state) => sum | (state === 'DNAT' ? 0 : stateBits[state]), 0)
  const dnat = states.includes('DNAT')
  if (bits !== 0 && dnat && !negated) throw new Error('a rule matches states of conntrack or DNAT, not either')
  if (bits !== 0) anyOf(out, ctKeys.state, bits, negated)
  return dnat ? anyOf(out, ctKeys.status, DST_NAT, negated) : out
}

function anyOf(out: Expressions, key: number, bits: number, negated: boolean): Expressions {
  return out
    .loadConntrack(key)
    .bitwise(machineU32(bits), machineU32(0))
    .compare(negated ? 'eq' : 'neq', machineU32(0))
}
