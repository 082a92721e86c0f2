import t from 'tap'
import type { ObjectStatus } from '../../felix/kernel.ts'
import { ProgrammedRevision } from '../programmed-revision.ts'
import type { EndpointContext } from './endpoint.ts'
import { waitFor } from './wait.ts'

const failed = (reason: string): ObjectStatus => ({ state: 'failed', reason })
const pending = (reason: string): ObjectStatus => ({ state: 'pending', reason })

/** An agent that only waits, and a way to end the API. */
function context() {
  const programmed = new ProgrammedRevision()
  const closing = new AbortController()
  const agent = { waitProgrammed: (...wait: Parameters<ProgrammedRevision['wait']>) => programmed.wait(...wait) }
  return { programmed, closing, context: { agent, closing: closing.signal } as unknown as EndpointContext }
}

const never = new AbortController().signal
const members = { revision: 3, results: [] }

t.test('§4 Waiting: programmed before the wait began is answered at once', async (t) => {
  const { programmed, context: given } = context()
  programmed.applied(3, new Map())
  t.strictSame(await waitFor(given, { revision: 3, timeoutSec: 300, signal: never }, members), { status: 200, body: members })
})

t.test('§4 Waiting: a later revision covers an earlier one', async (t) => {
  const { programmed, context: given } = context()
  const waiting = waitFor(given, { revision: 3, timeoutSec: 300, signal: never }, members)
  programmed.applied(2, new Map())
  programmed.applied(4, new Map())
  t.strictSame(await waiting, { status: 200, body: members })
})

t.test("§4 Waiting: what is outside the node's control is unprogrammed, and 200; a refusal of the kernel is waited for", async (t) => {
  const { programmed, context: given } = context()
  const waiting = waitFor(given, { revision: 3, timeoutSec: 300, signal: never }, members)
  const outside: [string, ObjectStatus] = ['link tortweb', pending('does not exist')]
  programmed.applied(3, new Map([outside, ['route 10.0.0.1/32', failed('ENETDOWN')]]))
  programmed.applied(3, new Map([outside]))
  const unprogrammed = [{ subject: 'link tortweb', state: 'pending', reason: 'does not exist' }]
  t.strictSame(await waiting, { status: 200, body: { ...members, unprogrammed } })
})

t.test('§4 Waiting: the body is asked for when the wait is over', async (t) => {
  const { programmed, context: given } = context()
  const waiting = waitFor(given, { revision: 1, timeoutSec: 300, signal: never }, () => ({ programmedRevision: programmed.revision }))
  programmed.applied(1, new Map())
  t.strictSame(await waiting, { status: 200, body: { programmedRevision: 1 } })
})

t.test('504 says the first three of what is pending, and carries all of it', async (t) => {
  const { programmed, context: given } = context()
  const refused = ['a', 'b', 'c', 'd', 'e'].map((name): [string, ObjectStatus] => [`chain ${name}`, failed('EPERM')])
  programmed.applied(3, new Map(refused))
  const { status, body } = await waitFor(given, { revision: 3, timeoutSec: 300, signal: AbortSignal.abort() }, members)
  t.match([status, body], [504, { detail: /: chain a \(EPERM\), chain b \(EPERM\), chain c \(EPERM\), 2 more$/, ...members }])
  t.equal((body as { pending: unknown[] }).pending.length, 5)
})

t.test('a closing API answers 503 with what was written', async (t) => {
  const { closing, context: given } = context()
  const waiting = waitFor(given, { revision: 3, timeoutSec: 300, signal: closing.signal }, members)
  closing.abort()
  t.match(await waiting, {
    status: 503,
    body: { detail: 'the agent stops before revision 3 is programmed', ...members, pending: [{ subject: 'revision 3' }] },
  })
})
