/** Waiting for a revision (INTERFACE §4): what was written stays written, whatever the wait ends with. */
import type { Unprogrammed } from './agent-face.ts'
import { type Answer, ok, problem } from './answer.ts'
import type { EndpointContext } from './endpoint.ts'

/** @property timeoutSec 1..300  @property signal aborts when nobody waits for the answer any more, or the API closes */
export type Wait = { readonly revision: number; readonly timeoutSec: number; readonly signal: AbortSignal }

/**
 * 200 with `body` and what could not be programmed for a reason outside the node; 504 with `body` and what is pending.
 * @param body of the answer; a function is asked once the wait is over
 */
export async function waitFor({ agent, closing }: EndpointContext, wait: Wait, body: object | (() => object)): Promise<Answer> {
  const { revision, timeoutSec, signal } = wait
  const { programmed, pending, unprogrammed } = await agent.waitProgrammed(revision, timeoutSec * 1_000, signal)
  const members = typeof body === 'function' ? body() : body
  if (programmed) return ok({ ...members, ...(unprogrammed.length > 0 && { unprogrammed }) })
  if (closing.aborted) return problem(503, `the agent stops before revision ${revision} is programmed`, [], { ...members, pending })
  const detail = `revision ${revision} is not programmed after ${timeoutSec} s: ${sentence(pending)}`
  return problem(504, detail, [], { ...members, pending, unprogrammed })
}

const shown = 3

function sentence(pending: readonly Unprogrammed[]): string {
  const first = pending.slice(0, shown).map(({ subject, reason }) => `${subject} (${reason})`)
  const more = pending.length > shown ? [`${pending.length - shown} more`] : []
  return [...first, ...more].join(', ')
}
