import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { IpSet } from '../kernel.ts'
import { changingSet } from '../test-members.ts'
import { asWanted, type SavedSet } from './ip-set-text.ts'
import { SavedSetsComparison } from './saved-sets-comparison.ts'

const create = (name: string, type = 'hash:ip', maxMembers = 1_048_576) => `create ${name} ${type} family inet maxelem ${maxMembers}\n`
const add = (name: string, ...members: string[]) => members.map((member) => `add ${name} ${member}\n`).join('')
const a = 'tort4s:a'
const known = (...sets: IpSet[]): Map<string, SavedSet> => new Map(sets.map((set) => [set.name, asWanted(set)]))

const outputs: [title: string, isAsKnown: boolean, output: string][] = [
  ['the members that are known, in any order', true, create(a) + add(a, '10.0.0.2', '10.0.0.1')],
  ['a set of others beside it', true, create(a) + add(a, '10.0.0.2', '10.0.0.1') + create('KUBE-X') + add('KUBE-X', '10.0.0.9')],
  ['one was swapped for another', false, create(a) + add(a, '10.0.0.9', '10.0.0.1')],
  ['one is missing', false, create(a) + add(a, '10.0.0.2')],
  ['one is too much', false, create(a) + add(a, '10.0.0.1', '10.0.0.2', '10.0.0.9')],
  ['the set is gone', false, create('KUBE-X')],
  ['it is of another type', false, create(a, 'hash:net') + add(a, '10.0.0.1', '10.0.0.2')],
  ['it is of another size', false, create(a, 'hash:ip', 7) + add(a, '10.0.0.1', '10.0.0.2')],
  ['there is a set under a name of ours that nobody knows', false, create(a) + add(a, '10.0.0.1', '10.0.0.2') + create('tort4s:b')],
]
for (const [title, isAsKnown, output] of outputs) {
  t.test(title, async (t) => {
    for (const set of [
      changingSet(a, 'hash:ip', '10.0.0.1', '10.0.0.2'),
      { ...changingSet(a, 'hash:ip'), members: new Set(['10.0.0.1', '10.0.0.2']) },
    ]) {
      const sets = known(set)
      const comparison = new SavedSetsComparison(sets)
      comparison.take(output)
      t.equal(comparison.isAsKnown(sets), isAsKnown)
    }
  })
}

type Written = { readonly set: ReturnType<typeof changingSet>; readonly sets: Map<string, SavedSet> }
const meanwhile: [title: string, isAsKnown: boolean, write: (written: Written) => void, output: string][] = [
  [
    'we added one, and it is listed',
    true,
    ({ set }) => set.members.add('10.0.0.3'),
    create(a) + add(a, '10.0.0.1', '10.0.0.2', '10.0.0.3'),
  ],
  ['we added one, and it is not listed yet', true, ({ set }) => set.members.add('10.0.0.3'), create(a) + add(a, '10.0.0.1', '10.0.0.2')],
  ['we removed one, and it is listed still', true, ({ set }) => set.members.delete('10.0.0.2'), create(a) + add(a, '10.0.0.1', '10.0.0.2')],
  [
    'we removed one, somebody else added one',
    false,
    ({ set }) => set.members.delete('10.0.0.2'),
    create(a) + add(a, '10.0.0.1', '10.0.0.9'),
  ],
  [
    'we made a set',
    true,
    ({ sets }) => sets.set('tort4s:b', asWanted(changingSet('tort4s:b', 'hash:ip'))),
    create(a) + add(a, '10.0.0.1', '10.0.0.2') + create('tort4s:b'),
  ],
  ['we removed the set', true, ({ sets }) => sets.delete(a), ''],
  [
    'we changed more than is remembered: nobody knows',
    false,
    ({ set }) => {
      for (let n = 0; n < 5_000; n++) set.members.add(`10.1.${n >> 8}.${n & 255}`)
    },
    create(a) + add(a, '10.0.0.1', '10.0.0.2'),
  ],
  [
    'we filled it anew with members of another policy: nobody knows',
    false,
    ({ sets }) => sets.set(a, asWanted(changingSet(a, 'hash:ip', '10.0.0.1', '10.0.0.2'))),
    create(a) + add(a, '10.0.0.1', '10.0.0.2'),
  ],
]
for (const [title, isAsKnown, write, output] of meanwhile) {
  t.test(`meanwhile ${title}`, async (t) => {
    for (const writesFirst of [true, false]) {
      const set = changingSet(a, 'hash:ip', '10.0.0.1', '10.0.0.2')
      const sets = known(set)
      const comparison = new SavedSetsComparison(sets)
      if (writesFirst) write({ set, sets })
      comparison.take(output)
      if (!writesFirst) write({ set, sets })
      if (sets.get(a)?.members === set.members) sets.set(a, asWanted(set))
      t.equal(comparison.isAsKnown(sets), isAsKnown)
    }
  })
}

t.test('what is wanted already and not written yet is no surprise', async (t) => {
  const set = changingSet(a, 'hash:ip', '10.0.0.1', '10.0.0.2')
  const sets = known(set)
  set.members.delete('10.0.0.2')
  const comparison = new SavedSetsComparison(sets)
  comparison.take(create(a) + add(a, '10.0.0.1', '10.0.0.2'))
  t.equal(comparison.isAsKnown(sets), true)
})

t.test('the two halves of everything are one member that came or went', async (t) => {
  const n = 'tort4n:x'
  const set = changingSet(n, 'hash:net', '0.0.0.0/0')
  const sets = known(set)
  const output = create(n, 'hash:net') + add(n, '0.0.0.0/1', '128.0.0.0/1')
  const before = new SavedSetsComparison(sets)
  before.take(output)
  t.equal(before.isAsKnown(sets), true)
  const during = new SavedSetsComparison(sets)
  set.members.delete('0.0.0.0/0')
  during.take(output)
  t.equal(during.isAsKnown(sets), true)
  t.equal(new SavedSetsComparison(sets).isAsKnown(sets), false, 'nothing was read')
})

t.test('nothing is kept of what is read', async (t) => {
  const members = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
  const sets = known({ name: a, type: 'hash:ip', family: 4, members: new Set(members) })
  const compare = () => {
    const comparison = new SavedSetsComparison(sets)
    comparison.take(create(a))
    for (let from = 0; from < members.length; from += 1_000) comparison.take(add(a, ...members.slice(from, from + 1_000)))
    return comparison
  }
  t.equal(compare().isAsKnown(sets), true) // compiles what is compiled once
  const before = usedAfterCollection()
  const comparison = compare()
  const octets = usedAfterCollection() - before
  t.ok(octets < members.length, `${octets} octets, not one for each member`)
  t.equal(comparison.isAsKnown(sets), true)
})

function usedAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
