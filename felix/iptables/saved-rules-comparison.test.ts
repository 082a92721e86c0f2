import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { noteChange, parseSavedTable, type SavedTable, type TableChange } from './chains-text.ts'
import { SavedRulesReader } from './saved-rules.ts'
import { SavedRulesComparison } from './saved-rules-comparison.ts'

const hash = (letter: string) => letter.repeat(16)
const ours = (chain: string, letter: string) => `-A ${chain} -m comment --comment "tortie:${hash(letter)}" -j DROP`
const foreign = (chain: string, target = 'DROP') => `-A ${chain} -i eth9 -j ${target}`
const [hook, marked] = [ours('FORWARD', 'h'), ours('FORWARD', 'm')]
const declared = [':FORWARD', ':DOCKER', ':tort-a', ':tort-b', ':tort-empty', ':tort-held'].map((chain) => `${chain} - [0:0]`)
const inForward = [hook, foreign('FORWARD'), marked]
const inDocker = [foreign('DOCKER', 'tort-held')]
const inA = [ours('tort-a', '1'), ours('tort-a', '2')]
const inB = [ours('tort-b', '3')]
const all = [...declared, ...inForward, ...inDocker, ...inA, ...inB]
const without = (...lines: string[]) => all.filter((line) => !lines.includes(line))
const instead = (old: string, ...lines: string[]) => all.flatMap((line) => (line === old ? lines : [line]))
const textOf = (lines: readonly string[]) => `${lines.join('\n')}\n`

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => a.localeCompare(b)

function take(comparison: SavedRulesComparison, output: string): void {
  const reader = new SavedRulesReader({
    onChain: (chain) => comparison.onChain(chain),
    onRule: (chain, line) => comparison.onRule(chain, line),
  })
  reader.take(output)
}

function isAsKnown(known: SavedTable, lines: readonly string[], written: readonly string[] | undefined = []): boolean {
  const comparison = new SavedRulesComparison(known)
  take(comparison, textOf(lines))
  return comparison.isAsKnown(written)
}

const outputs: [title: string, isAsKnown: boolean, lines: readonly string[]][] = [
  ['what is known', true, all],
  ['other counters', true, all.map((line) => line.replace('[0:0]', '[7:90]'))],
  ['the chains in another order', true, [...declared.toReversed(), ...inB, ...inA, ...inDocker, ...inForward]],
  ['a rule is gone', false, without(ours('tort-a', '2'))],
  ['a chain is empty', false, without(...inB)],
  ['a chain is gone', false, without(':tort-b - [0:0]', ...inB)],
  ['a chain without rules is gone', false, without(':tort-empty - [0:0]')],
  ['a rule is another', false, instead(ours('tort-b', '3'), ours('tort-b', '4'))],
  ['two rules have changed places', false, [...declared, ...inForward, ...inDocker, ...inA.toReversed(), ...inB]],
  ['a rule of others is in front of ours', false, instead(inB[0] ?? '', foreign('tort-b'), ...inB)],
  ['a rule of others is behind ours', false, instead(inB[0] ?? '', ...inB, foreign('tort-b'))],
  ['a rule is in a chain that had none', false, [...all, foreign('tort-empty')]],
  ['there is a chain under a name of ours that nobody knows', false, [':tort-new - [0:0]', ...all]],
  ['our jump is gone', false, without(hook)],
  ['our jump is not the first any more', false, [...declared, foreign('FORWARD'), ...all.slice(declared.length)]],
  ['our rule at the end is not the last any more', false, instead(marked, marked, foreign('FORWARD'))],
  ['a rule of ours is in a chain of others that had none', false, [...all, ours('DOCKER', 'x')]],
  ['a rule of others in a chain without ours is their business', true, [...all, foreign('DOCKER')]],
  ['a chain of others is their business', true, [':KUBE-X - [0:0]', ...all, foreign('KUBE-X')]],
  ['a rule of others leads to another chain of ours', false, [...all, foreign('DOCKER', 'tort-a')]],
  ['no rule of others leads to ours any more', false, without(...inDocker)],
  ['nothing', false, []],
  ['all was flushed', false, declared],
]
for (const [title, expected, lines] of outputs) {
  t.test(`${title}: ${expected ? 'as known' : 'not as known'}`, async (t) => {
    t.equal(isAsKnown(parseSavedTable(textOf(all)), lines), expected)
  })
}

t.test('a rule of others that was left in a chain of ours is known', async (t) => {
  const kept = instead(inB[0] ?? '', ...inB, foreign('tort-b'))
  t.equal(isAsKnown(parseSavedTable(textOf(kept)), kept), true)
  t.equal(isAsKnown(parseSavedTable(textOf(kept)), all), false)
})

t.test('an output that is as another table is read is not as known', async () => {
  const more = [...inA, ours('tort-a', '9'), ...inB, foreign('tort-b'), ...inDocker, ours('DOCKER', 'x')]
  const lines = fc.subarray([...declared, ...inForward, ...more])
  fc.assert(
    fc.property(lines, lines, (kernel, seen) => {
      const [a, b] = [kernel, seen].map((some) => parseSavedTable(textOf(some)))
      if (a === undefined || b === undefined) return false
      const concerns = ({ own, others, heldByOthers }: SavedTable) =>
        JSON.stringify([
          [...own].toSorted(byName),
          [...others]
            .map(([name, rules]) => [name, rules.map((rule) => rule?.hash ?? '')] as const)
            .filter(([, hashes]) => hashes.some(Boolean)),
          [...heldByOthers].toSorted(),
        ])
      return isAsKnown(a, seen) === (concerns(a) === concerns(b))
    }),
  )
})

const change: TableChange = {
  rewritten: ['tort-a', 'tort-new'],
  removed: ['tort-b'],
  flushed: ['tort-held'],
  hooks: [{ kernelChain: 'FORWARD', removed: [], inserted: [{ hash: hash('n'), line: '-j tort-new' }], appended: [] }],
}
const written = ['tort-a', 'tort-new', 'tort-b', 'tort-held', 'FORWARD']
const rewritten = [
  ...declared.filter((line) => !line.includes('tort-b')),
  ':tort-new - [0:0]',
  ours('FORWARD', 'n'),
  ...inForward,
  ...inDocker,
  ours('tort-a', '8'),
  ours('tort-new', '9'),
]
const hashesOf = (chain: string) => (chain === 'tort-a' ? [hash('8')] : [hash('9')])

t.test('what we write meanwhile is no surprise, be it seen before, behind or in the middle of it', async (t) => {
  for (const lines of [all, rewritten]) {
    for (let at = 0; at <= lines.length; at++) {
      const known = parseSavedTable(textOf(all))
      const comparison = new SavedRulesComparison(known)
      take(comparison, textOf(lines.slice(0, at)))
      noteChange(known, change, hashesOf)
      take(comparison, textOf(lines.slice(at)))
      t.equal(comparison.isAsKnown(written), true, `written at line ${at}`)
    }
  }
})

t.test('what others do shows while we write elsewhere', async (t) => {
  for (const [title, lines] of [
    ['a rule of another chain', [...rewritten, foreign('tort-empty')]],
    ['another chain is gone', rewritten.filter((line) => !line.includes(':tort-empty'))],
    ['another chain of ours is new', [...rewritten, ':tort-x - [0:0]']],
    ['a rule of ours in a chain of others', [...rewritten, ours('DOCKER', 'x')]],
    ['a rule of others leads to what we write', [...rewritten, foreign('DOCKER', 'tort-a')]],
  ] as const) {
    const known = parseSavedTable(textOf(all))
    const comparison = new SavedRulesComparison(known)
    noteChange(known, change, hashesOf)
    take(comparison, textOf(lines))
    t.equal(comparison.isAsKnown(written), false, title)
  }
})

t.test('who wrote more than is remembered does not know', async (t) => {
  const known = parseSavedTable(textOf(all))
  const comparison = new SavedRulesComparison(known)
  take(comparison, textOf(all))
  t.equal(comparison.isAsKnown(undefined), false)
})

t.test('nothing is kept of what is read', async (t) => {
  const chains = Array.from({ length: 50_000 }, (_, n) => `tort-policy-${n}`)
  const known: SavedTable = {
    own: new Map(chains.map((chain) => [chain, [hash('1'), hash('2')]])),
    others: new Map(),
    heldByOthers: new Set(),
  }
  const compare = () => {
    const comparison = new SavedRulesComparison(known)
    for (let from = 0; from < chains.length; from += 100) {
      const some = chains.slice(from, from + 100)
      take(
        comparison,
        textOf([...some.map((chain) => `:${chain} - [0:0]`), ...some.flatMap((chain) => [ours(chain, '1'), ours(chain, '2')])]),
      )
    }
    return comparison
  }
  t.equal(compare().isAsKnown([]), true) // compiles what is compiled once
  const before = usedAfterCollection()
  const comparison = compare()
  const octets = usedAfterCollection() - before
  t.ok(octets < chains.length, `${octets} octets, not one for each chain`)
  t.equal(comparison.isAsKnown([]), true)
})

function usedAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
