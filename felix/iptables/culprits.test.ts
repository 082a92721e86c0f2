import fc from 'fast-check'
import t from 'tap'
import { chainsNamed, findCulprits, type WriteChains } from './culprits.ts'

const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`)

/** A kernel that refuses whatever holds one of these chains. @param tells whether the tool names them */
function kernel(bad: readonly string[], tells: boolean) {
  const written: (readonly string[])[] = []
  const programmed = new Set<string>()
  const write: WriteChains = async (some) => {
    written.push(some)
    const culprits = some.filter((name) => bad.includes(name))
    if (culprits.length > 0) return { reason: 'Invalid argument', culprits: tells ? culprits.slice(0, 1) : [], isGeneral: false }
    for (const name of some) programmed.add(name)
    return undefined
  }
  return { write, written, programmed }
}

t.test('no culprit: one write', async (t) => {
  const { write, written } = kernel([], false)
  t.strictSame(await findCulprits(names(3), write), new Map())
  t.strictSame(written, [names(3)])
  t.strictSame(await findCulprits([], write), new Map())
})

t.test('those that the tool names are left out, one after the other', async (t) => {
  const { write, written } = kernel(['c1', 'c3'], true)
  t.strictSame(
    [...((await findCulprits(names(4), write)) ?? [])],
    [
      ['c1', 'Invalid argument'],
      ['c3', 'Invalid argument'],
    ],
  )
  t.strictSame(written, [names(4), ['c0', 'c2', 'c3'], ['c0', 'c2']])
})

t.test('one unnamed among 1,024 takes 21 writes', async (t) => {
  const { write, written, programmed } = kernel(['c700'], false)
  t.strictSame([...((await findCulprits(names(1_024), write)) ?? [])], [['c700', 'Invalid argument']])
  t.strictSame([written.length, programmed.size], [21, 1_023])
})

t.test('where it takes too many writes, what was not written counts as refused', async (t) => {
  const { write, written, programmed } = kernel(names(64), false)
  const culprits = await findCulprits(names(64), write, 10)
  t.strictSame([written.length, culprits?.size, programmed.size], [10, 64, 0])
  t.match([...(culprits?.values() ?? [])].at(-1), /^not written: /)
})

t.test('a refusal that is not about chains ends the search: nobody is to blame', async (t) => {
  t.equal(await findCulprits(names(8), async () => ({ reason: 'locked', culprits: [], isGeneral: true })), undefined)
})

t.test('each chain is in the kernel or blamed, never both, and nobody is blamed in vain while writes suffice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(40), fc.uniqueArray(fc.nat(40), { maxLength: 4 }), fc.boolean(), async (count, numbers, tells) => {
      const bad = numbers.filter((i) => i < count).map((i) => `c${i}`)
      const { write, programmed } = kernel(bad, tells)
      const culprits = await findCulprits(names(count), write)
      const blamed = [...(culprits?.keys() ?? [])].toSorted()
      return blamed.join() === bad.toSorted().join() && programmed.size === count - bad.length
    }),
  )
})

const input = '*filter\n:tort-a - -\n:tort-b - -\n-A tort-a -j DROP\n-A tort-b -j NOWHERE\n-I FORWARD 1 -j tort-a\nCOMMIT\n'
const said: [stderr: string, chains: string[]][] = [
  ['line 5: RULE_APPEND failed (Invalid argument): rule in chain tort-b', ['tort-b']],
  ["Couldn't load target `NOWHERE':No such file\n\nError occurred at line: 5\nTry `iptables-restore -h'", ['tort-b']],
  ['line 4: RULE_APPEND failed (x): \nline 5: RULE_APPEND failed (x): ', ['tort-a', 'tort-b']],
  ['iptables-restore: line 7 failed', []],
  ['line 6: RULE_INSERT failed (No such file or directory)', []],
  ['line 99', []],
  ['', []],
]
for (const [stderr, chains] of said)
  t.test(`${JSON.stringify(stderr)} names ${chains.join(' and ') || 'no chain'}`, async (t) =>
    t.strictSame(chainsNamed(stderr, input), chains),
  )
