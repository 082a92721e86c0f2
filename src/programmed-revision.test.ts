import t from 'tap'
import type { ObjectStatus } from '../felix/kernel.ts'
import { ProgrammedRevision } from './programmed-revision.ts'

const absent: ObjectStatus = { state: 'pending', reason: 'link tort1 does not exist' }
const refused: ObjectStatus = { state: 'failed', reason: 'ENOBUFS: No buffer space available' }
const nothing: ReadonlyMap<string, ObjectStatus> = new Map()

t.test('a wait for a revision that is programmed answers at once', async (t) => {
  const programmed = new ProgrammedRevision()
  programmed.applied(3, nothing)
  t.strictSame(await programmed.wait(3, 300_000), { programmed: true, pending: [], unprogrammed: [] })
})

t.test('a wait ends when its revision is programmed, also by a later one', async (t) => {
  const programmed = new ProgrammedRevision()
  const outcome = programmed.wait(3, 300_000)
  programmed.applied(5, nothing)
  t.strictSame(await outcome, { programmed: true, pending: [], unprogrammed: [] })
})

t.test('what waits for something outside the node holds nothing back and is named', async (t) => {
  const programmed = new ProgrammedRevision()
  programmed.applied(3, new Map([['link tort1', absent]]))
  t.strictSame(await programmed.wait(3, 300_000), {
    programmed: true,
    pending: [],
    unprogrammed: [{ subject: 'link tort1', state: 'pending', reason: 'link tort1 does not exist' }],
  })
})

t.test('what the kernel refused holds its revision back until it is programmed', async (t) => {
  const programmed = new ProgrammedRevision()
  programmed.applied(3, new Map([['route 10.0.0.1/32', refused]]))
  t.strictSame(await programmed.wait(3, 1), {
    programmed: false,
    pending: [{ subject: 'route 10.0.0.1/32', state: 'failed', reason: 'ENOBUFS: No buffer space available' }],
    unprogrammed: [],
  })
  t.equal(programmed.revision, 0)
  programmed.applied(3, nothing)
  t.equal(programmed.revision, 3)
})

t.test('a revision that was never applied says so when its time is over', async (t) => {
  t.strictSame(await new ProgrammedRevision().wait(7, 1), {
    programmed: false,
    pending: [{ subject: 'revision 7', state: 'pending', reason: 'not applied yet' }],
    unprogrammed: [],
  })
})

t.test('a client that has gone waits no longer', async (t) => {
  const gone = new AbortController()
  const outcome = new ProgrammedRevision().wait(7, 300_000, gone.signal)
  gone.abort()
  t.equal((await outcome).programmed, false)
})

t.test('a client that had gone before the wait began waits for nothing', async (t) => {
  const outcome = await new ProgrammedRevision().wait(7, 300_000, AbortSignal.abort())
  t.strictSame(outcome, {
    programmed: false,
    pending: [{ subject: 'revision 7', state: 'pending', reason: 'not applied yet' }],
    unprogrammed: [],
  })
})

t.test('that somebody waits for a later revision is told at once, then, or never', async (t) => {
  const programmed = new ProgrammedRevision()
  programmed.applied(3, new Map())
  const order: string[] = []
  const note = (name: string) => () => void order.push(name)
  const told = programmed.awaited(3, 60_000).then(note('awaited'))
  const earlier = programmed.wait(3, 60_000).then(note('nobody'))
  await earlier
  const later = programmed.wait(4, 60_000).then(note('programmed'))
  await told
  await programmed.awaited(3, 60_000)
  programmed.applied(4, new Map())
  await later
  t.strictSame(order, ['nobody', 'awaited', 'programmed'])
  await programmed.awaited(4, 1)
})

t.test('what is closed while it cannot be programmed holds nobody back, and is told by the resource it is made of', async (t) => {
  const programmed = new ProgrammedRevision()
  const status: ObjectStatus = { state: 'failed', reason: 'Invalid argument', closed: true, owner: 'networkpolicy/shop/web' }
  programmed.applied(3, new Map([['chain filter/tort-pi-np/shop/web (IPv4)', status]]))
  t.strictSame(await programmed.wait(3, 300_000), {
    programmed: true,
    pending: [],
    unprogrammed: [
      {
        subject: 'networkpolicy/shop/web',
        state: 'failed',
        reason: 'chain filter/tort-pi-np/shop/web (IPv4): Invalid argument; until it is programmed, what comes to it is dropped',
      },
    ],
  })
})
