import t from 'tap'
import { changingSet } from '../test-members.ts'
import { KnownSets } from './known-sets.ts'

const saved = `create tort4s:a hash:ip family inet hashsize 1024 maxelem 100 bucketsize 12 initval 0x1
add tort4s:a 10.0.0.1
add tort4s:a 10.0.0.2
`
const pruned = { isChanged: true, isPruned: true }
const kept = { isChanged: true, isPruned: false }

function read(): KnownSets {
  const known = new KnownSets()
  known.read(saved)
  return known
}
const membersOf = (known: KnownSets) => [...(known.get('tort4s:a')?.members ?? [])].toSorted()

t.test('nothing is known before something is read, nor when all was forgotten', async (t) => {
  const known = new KnownSets()
  const now = () => [known.all, known.names(), known.has('tort4s:a'), known.get('tort4s:a'), known.hasCounts(new Map())]
  const nothing = [undefined, [], false, undefined, true]
  t.strictSame(now(), nothing)
  known.read(saved)
  t.strictSame([known.all?.size, known.names(), known.has('tort4s:a'), membersOf(known)], [1, ['tort4s:a'], true, ['10.0.0.1', '10.0.0.2']])
  known.delete('tort4s:a')
  t.strictSame([known.all?.size, known.names(), known.has('tort4s:a')], [0, [], false])
  known.forget()
  t.strictSame(now(), nothing)
})

t.test('a set that is gone or has another number of members is not as it was seen', async (t) => {
  const known = read()
  const counts: readonly (readonly [string, number])[] = [
    ['tort4s:a', 2],
    ['tort4s:a', 1],
    ['tort4s:b', 2],
  ]
  t.strictSame(
    counts.map((one) => known.hasCounts(new Map([one]))),
    [true, false, false],
  )
})

t.test('what is written is as wanted, and later only what changed since is compared', async (t) => {
  const known = read()
  const set = changingSet('tort4s:a', 'hash:ip', '10.0.0.3')
  t.equal(known.canCompare(set), true)
  t.equal(known.written(set, 100, pruned), true)
  t.strictSame(membersOf(known), ['10.0.0.3'])
  set.members.add('10.0.0.4')
  t.equal(known.canCompare(set), true)
  for (let i = 0; i < 3_000; i++) set.members.add(`10.1.${i >> 8}.${i & 255}`)
  t.equal(known.canCompare(set), false, 'nobody remembers so many changes')
})

t.test('where nothing may go, what was there is there with what came', async (t) => {
  const known = read()
  const set = changingSet('tort4s:a', 'hash:ip', '10.0.0.2', '10.0.0.3')
  t.equal(known.written(set, 100, { isChanged: false, isPruned: false }), false)
  t.strictSame(membersOf(known), ['10.0.0.1', '10.0.0.2'])
  t.equal(known.written(set, 100, kept), false)
  t.strictSame(membersOf(known), ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  const more = changingSet('tort4s:a', 'hash:ip', '10.0.0.1', '10.0.0.2', '10.0.0.3')
  t.equal(known.written(more, 100, kept), true, 'what is there is all wanted')
  t.equal(known.written(changingSet('tort4s:new', 'hash:ip'), 100, kept), true)
})
