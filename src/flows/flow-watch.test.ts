import t from 'tap'
import { allowed, denied, judgement, sighting, tcp } from './flow.fixture.ts'
import { FlowRing } from './flow-ring.ts'
import type { FlowFilter } from './flow-shown.ts'
import { type FlowEvent, watchFlows } from './flow-watch.ts'

function watched(limit: number, filter: FlowFilter = {}) {
  const ring = new FlowRing(limit)
  const listeners = new Set<() => void>()
  const ended = new AbortController()
  const onChange = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const events = watchFlows({ ring, onChange }, filter, ended.signal)[Symbol.asyncIterator]()
  const see = (destinationPort: number, ruling = allowed) => {
    const flow = ring.see(sighting(ruling, tcp({ destinationPort })), 0)
    flow.judgement = judgement
    for (const listener of listeners) listener()
    return flow
  }
  return { ring, see, ended, listeners, next: async () => textOf((await events.next()).value ?? []) }
}

function textOf(events: readonly FlowEvent[]): readonly string[] {
  return events.map((event) => ('object' in event ? `${event.type} ${event.object.port} ${event.object.count}` : event.type))
}

t.test('all that is there, SYNCED, then each flow that is seen again or new', async (t) => {
  const { see, next } = watched(10)
  see(1)
  see(2)
  t.strictSame(await next(), ['ADDED 1 1', 'ADDED 2 1', 'SYNCED'])
  const waiting = next()
  see(1)
  t.strictSame(await waiting, ['MODIFIED 1 2'])
  see(3)
  see(2)
  t.strictSame(await next(), ['ADDED 3 1', 'MODIFIED 2 2'])
})

t.test('who reads slowly gets each flow once, as it is by then', async (t) => {
  const { see, next } = watched(10)
  t.strictSame(await next(), ['SYNCED'])
  for (let i = 0; i < 1_000; i++) see(i % 2)
  t.strictSame(await next(), ['ADDED 0 500', 'ADDED 1 500'])
})

t.test('who reads too slowly is told so', async (t) => {
  const { see, next } = watched(2)
  see(1)
  t.strictSame(await next(), ['ADDED 1 1', 'SYNCED'])
  for (const port of [2, 3, 4]) see(port)
  t.strictSame(await next(), ['MISSED', 'ADDED 3 1', 'ADDED 4 1'])
  see(5)
  t.strictSame(await next(), ['ADDED 5 1'], 'what it had read before may go')
})

t.test('what is not judged yet comes once it is, what is not asked for never', async (t) => {
  const { ring, see, next } = watched(10, { verdict: 'denied' })
  const flow = see(1, denied)
  delete flow.judgement
  see(2, allowed)
  t.strictSame(await next(), ['SYNCED'])
  flow.judgement = judgement
  ring.changed(flow)
  see(3, allowed)
  t.strictSame(await next(), ['MODIFIED 1 1'])
})

t.test('many come in several batches', async (t) => {
  const { see, next } = watched(2_000)
  for (let port = 0; port < 1_200; port++) see(port)
  const batches = [await next(), await next(), await next()]
  t.strictSame(
    batches.map(({ length }) => length),
    [500, 500, 201],
  )
})

t.test('the end of the signal ends it, and nobody is listened to any more', async (t) => {
  const { next, ended, listeners } = watched(10)
  t.strictSame(await next(), ['SYNCED'])
  const waiting = next()
  ended.abort()
  t.strictSame(await waiting, [])
  t.equal(listeners.size, 0)
})
