import fc from 'fast-check'
import t from 'tap'
import type { IpSet } from '../kernel.ts'
import { changingSet } from '../test-members.ts'
import { asWanted, type SavedSet, setChange, suspects } from './ip-set-text.ts'
import { parseSavedSets } from './saved-sets.ts'

const set = (type: IpSet['type'], family: 4 | 6, ...members: string[]): IpSet => ({
  name: 'tort4s:x',
  type,
  family,
  members: new Set(members),
})
const savedAs = ({ type, family, members }: IpSet): SavedSet => ({ type, family, maxMembers: 1_048_576, members })

const wanted = set('hash:ip', 4, '10.0.0.1', '10.0.0.2')
const create = (name: string, type: string) => `create ${name} ${type} family inet hashsize 64 maxelem 1048576`
const commands: [title: string, wanted: IpSet, actual: SavedSet | undefined, prune: boolean, expected: string[]][] = [
  [
    'an absent set is made and filled',
    wanted,
    undefined,
    false,
    [create('tort4s:x', 'hash:ip'), 'add tort4s:x 10.0.0.1', 'add tort4s:x 10.0.0.2'],
  ],
  ['IPv6 says so', set('hash:net', 6), undefined, true, ['create tort4s:x hash:net family inet6 hashsize 64 maxelem 1048576']],
  ['the same members: nothing', wanted, savedAs(set('hash:ip', 4, '10.0.0.2', '10.0.0.1')), true, []],
  [
    'members change, additions first',
    wanted,
    savedAs(set('hash:ip', 4, '10.0.0.3', '10.0.0.1')),
    true,
    ['add tort4s:x 10.0.0.2', 'del tort4s:x 10.0.0.3'],
  ],
  [
    'before pruning is allowed members are only added',
    wanted,
    savedAs(set('hash:ip', 4, '10.0.0.3')),
    false,
    ['add tort4s:x 10.0.0.1', 'add tort4s:x 10.0.0.2'],
  ],
  [
    'a set of another size is made beside and swapped, so that no packet meets it half filled',
    wanted,
    { ...savedAs(wanted), maxMembers: 65_536 },
    true,
    [
      'destroy tort-swap',
      create('tort-swap', 'hash:ip'),
      'add tort-swap 10.0.0.1',
      'add tort-swap 10.0.0.2',
      'swap tort-swap tort4s:x',
      'destroy tort-swap',
    ],
  ],
  [
    'a set of another type, which the kernel does not swap, is made anew',
    set('hash:net', 4, '10.0.0.0/8'),
    savedAs(wanted),
    true,
    ['destroy tort4s:x', create('tort4s:x', 'hash:net'), 'add tort4s:x 10.0.0.0/8'],
  ],
  [
    'a prefix of length 0, which hash:net cannot hold, becomes its two halves',
    set('hash:net', 4, '0.0.0.0/0', '10.0.0.0/8'),
    undefined,
    true,
    [create('tort4s:x', 'hash:net'), 'add tort4s:x 10.0.0.0/8', 'add tort4s:x 0.0.0.0/1', 'add tort4s:x 128.0.0.0/1'],
  ],
  [
    'the halves are there already where the kernel shows them',
    set('hash:net', 6, '::/0'),
    savedAs(set('hash:net', 6, '::/1', '8000::/1', 'fd00::/8')),
    true,
    ['del tort4s:x fd00::/8'],
  ],
  ['before pruning is allowed it stays', set('hash:net', 4, '10.0.0.0/8'), savedAs(wanted), false, []],
]
for (const [title, want, actual, prune, expected] of commands)
  t.test(title, async (t) => t.strictSame(setChange(want, actual, prune).commands, expected))

const address = fc.ipV4()
t.test('what is built is read back: parse(build(x)) is x', async (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(address), (members) => {
      const want = set('hash:ip', 4, ...members)
      t.strictSame(parseSavedSets(setChange(want, undefined, true).commands.join('\n')), new Map([['tort4s:x', savedAs(want)]]))
    }),
    { numRuns: 100 },
  )
})

t.test('after the commands the kernel has what is wanted, whatever it had', async (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(20)), fc.uniqueArray(fc.nat(20)), (had, want) => {
      const wish = set('hash:ip', 4, ...want.map((n) => `10.0.0.${n}`))
      const members = new Set(had.map((n) => `10.0.0.${n}`))
      for (const command of setChange(wish, savedAs(set('hash:ip', 4, ...members)), true).commands) {
        const [verb, , member = ''] = command.split(' ')
        if (verb === 'add') members.add(member)
        else members.delete(member)
      }
      t.strictSame([...members].toSorted(), [...wish.members].toSorted())
    }),
    { numRuns: 100 },
  )
})

t.test('members that tell their changes are looked at nowhere else', async (t) => {
  const wish = changingSet('tort4s:x', 'hash:ip', '10.0.0.1', '10.0.0.2')
  const before = asWanted(wish)
  t.strictSame(setChange(wish, before, true).commands, [])
  wish.members.add('10.0.0.3')
  wish.members.add('10.0.0.4')
  wish.members.delete('10.0.0.4')
  wish.members.delete('10.0.0.1')
  t.strictSame(setChange(wish, before, true).commands, ['add tort4s:x 10.0.0.3', 'del tort4s:x 10.0.0.4', 'del tort4s:x 10.0.0.1'])
  t.strictSame(setChange(wish, before, false).commands, ['add tort4s:x 10.0.0.3'])
  t.strictSame(setChange(wish, asWanted(wish), true).commands, [])
})

t.test('a half that is a member itself stays when the prefix of length 0 goes', async (t) => {
  const wish = changingSet('tort4n:x', 'hash:net', '0.0.0.0/0', '0.0.0.0/1')
  const before = asWanted(wish)
  wish.members.delete('0.0.0.0/0')
  t.strictSame(setChange(wish, before, true).commands, ['add tort4n:x 0.0.0.0/1', 'del tort4n:x 128.0.0.0/1'])
})

t.test('who has not followed the changes does not know what the kernel has', async (t) => {
  const wish = changingSet('tort4s:x', 'hash:ip')
  const before = asWanted(wish)
  for (let i = 0; i < 10_000; i++) wish.members.add(`10.0.${i >> 8}.${i & 255}`)
  t.equal(suspects(wish, before), undefined, 'too many to remember')
  t.equal(suspects(changingSet('tort4s:x', 'hash:ip'), before), undefined, 'its members were others when they were written')
  t.strictSame(
    suspects(changingSet('tort4s:x', 'hash:ip', '10.0.0.1'), asWanted(changingSet('tort4s:x', 'hash:ip'))),
    new Set(['10.0.0.1']),
  )
})

t.test('a set begins with as many buckets as it has members, from 64 to the 1,024 that are the default', async (t) => {
  const sizes = [0, 1, 64, 65, 1_000, 1_024, 1_025, 100_000].map((count) => {
    const members = new Set(Array.from({ length: count }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))
    const [line = ''] = setChange({ name: 'tort4s:x', type: 'hash:ip', family: 4, members }, undefined, true).commands
    return [count, Number(/ hashsize (\d+) /.exec(line)?.[1])]
  })
  t.strictSame(sizes, [
    [0, 64],
    [1, 64],
    [64, 64],
    [65, 128],
    [1_000, 1_024],
    [1_024, 1_024],
    [1_025, 1_024],
    [100_000, 1_024],
  ])
})
