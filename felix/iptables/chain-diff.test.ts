import fc from 'fast-check'
import t from 'tap'
import { type DiffOptions, diffTable, isEmptyChange, type WantedTable } from './chain-diff.ts'
import { parseSavedTable, restoreInput, type SavedHook, type TableChange } from './chains-text.ts'

const hash = (n: number): string => String(n).padStart(16, '0')
const line = (n: number): string => `-m comment --comment "tortie:${hash(n)}" -j RETURN`
const hook = (n: number): SavedHook => ({ hash: hash(n), line: line(n) })

/** A kernel table as a list of lines per chain: numbers are rules of ours, words are rules of others. */
type Table = Record<string, readonly (number | string)[]>

const unchanged: TableChange = { rewritten: [], removed: [], flushed: [], hooks: [] }
const steady: DiffOptions = { prune: true, moveHooks: false }
const wantedTable: WantedTable = {
  chains: new Map([['tort-a', { hashes: [hash(1), hash(2)] }]]),
  hooks: new Map([['FORWARD', { inserted: [hook(8)], appended: [hook(9)] }]]),
}
const asWanted: Table = { FORWARD: [8, 'docker', 9], 'tort-a': [1, 2] }
const allHooks = (...removed: number[]): TableChange['hooks'] => [
  { kernelChain: 'FORWARD', removed: removed.map(hook), inserted: [hook(8)], appended: [hook(9)] },
]

const table: [title: string, kernel: Table, options: DiffOptions, expected: Partial<TableChange>][] = [
  ['nothing to do', asWanted, steady, {}],
  ['an absent chain is written', { ...asWanted, 'tort-a': [] }, steady, { rewritten: ['tort-a'] }],
  ['a rule is missing at the end', { ...asWanted, 'tort-a': [1] }, steady, { rewritten: ['tort-a'] }],
  ['a rule too many', { ...asWanted, 'tort-a': [1, 2, 3] }, steady, { rewritten: ['tort-a'] }],
  ['rules in another order', { ...asWanted, 'tort-a': [2, 1] }, steady, { rewritten: ['tort-a'] }],
  ['a rule of others in a chain of ours', { ...asWanted, 'tort-a': [1, '-j ACCEPT', 2] }, steady, { rewritten: ['tort-a'] }],
  ['an unused chain goes', { ...asWanted, 'tort-b': [3] }, steady, { removed: ['tort-b'] }],
  [
    'an unused chain that others refer to is emptied',
    { ...asWanted, FORWARD: [8, '-j tort-b', 9], 'tort-b': [3] },
    steady,
    { flushed: ['tort-b'] },
  ],
  ['and left alone once it is empty', { ...asWanted, FORWARD: [8, '-j tort-b', 9], 'tort-b': [] }, steady, {}],
  ['hooks that are missing are put in', { 'tort-a': [1, 2], FORWARD: ['docker'] }, steady, { hooks: allHooks() }],
  ['one hook is missing: all are put anew', { 'tort-a': [1, 2], FORWARD: ['docker', 9] }, steady, { hooks: allHooks(9) }],
  ['a hook that is there twice', { 'tort-a': [1, 2], FORWARD: [8, 8, 'docker', 9] }, steady, { hooks: allHooks(8, 8, 9) }],
  ['an old hook of ours goes', { 'tort-a': [1, 2], FORWARD: [8, 7, 'docker', 9] }, steady, { hooks: allHooks(8, 7, 9) }],
  [
    'a hook of ours in another chain goes',
    { ...asWanted, INPUT: [7] },
    steady,
    { hooks: [{ kernelChain: 'INPUT', removed: [hook(7)], inserted: [], appended: [] }] },
  ],
  ['somebody inserted before us: not moved at once', { ...asWanted, FORWARD: ['new', 8, 'docker', 9] }, steady, {}],
  ['but at a full check', { ...asWanted, FORWARD: ['new', 8, 9] }, { prune: true, moveHooks: true }, { hooks: allHooks(8, 9) }],
  [
    'and so when somebody appended after us',
    { ...asWanted, FORWARD: [8, 9, 'new'] },
    { prune: true, moveHooks: true },
    { hooks: allHooks(8, 9) },
  ],
  ['a full check of what is right changes nothing', asWanted, { prune: true, moveHooks: true }, {}],
  [
    'before pruning is allowed nothing that exists changes',
    { FORWARD: [8, 7, 'docker', 9], INPUT: [6], 'tort-a': [3], 'tort-b': [4] },
    { prune: false, moveHooks: false },
    {},
  ],
  [
    'before pruning is allowed absent chains and hooks are made, old hooks stay',
    { FORWARD: [7, 'docker'] },
    { prune: false, moveHooks: false },
    { rewritten: ['tort-a'], hooks: allHooks() },
  ],
]
for (const [title, kernel, options, expected] of table) {
  t.test(title, async (t) => {
    const existing = title === 'an absent chain is written' ? { FORWARD: kernel.FORWARD ?? [] } : kernel
    t.strictSame(diffTable(wantedTable, parseSavedTable(saveText(existing)), options), { ...unchanged, ...expected })
  })
}

const ours = fc.nat({ max: 9 })
const others = fc.constantFrom('-j DOCKER', '-i eth0 -j DROP', '-o eth1 -j ACCEPT')
const mixed = fc.array(fc.oneof(ours, others), { maxLength: 6 })
const kernels: fc.Arbitrary<Table> = fc.dictionary(fc.constantFrom('FORWARD', 'INPUT', 'DOCKER', 'tort-a', 'tort-b', 'tort-c'), mixed, {
  noNullPrototype: true,
})
const numbered = fc.uniqueArray(ours, { maxLength: 4 })
const wishes = fc.record({
  chains: fc.dictionary(fc.constantFrom('tort-a', 'tort-b', 'tort-d'), numbered, { noNullPrototype: true }),
  inserted: numbered,
  appended: numbered.map((list) => list.map((n) => n + 10)),
})

t.test('whatever the kernel has, one restore makes it as wanted, keeps the rules of others, and a second has nothing to do', async (t) => {
  fc.assert(
    fc.property(kernels, wishes, (kernel, { chains, inserted, appended }) => {
      const wanted: WantedTable = {
        chains: new Map(Object.entries(chains).map(([name, rules]) => [name, { hashes: rules.map(hash) }])),
        hooks: new Map([['FORWARD', { inserted: inserted.map(hook), appended: appended.map(hook) }]]),
      }
      const options = { prune: true, moveHooks: true }
      const change = diffTable(wanted, parseSavedTable(saveText(kernel)), options)
      const after = restored(
        kernel,
        restoreInput('filter', change, (name) => (chains[name] ?? []).map(line)),
      )
      const foreign = (name: string) => (kernel[name] ?? []).filter((rule) => typeof rule === 'string')
      const expected: Table = { ...chains, FORWARD: [...inserted, ...foreign('FORWARD'), ...appended] }
      for (const name of ['INPUT', 'DOCKER']) if (kernel[name] !== undefined) Object.assign(expected, { [name]: foreign(name) })
      if (kernel.FORWARD === undefined && inserted.length + appended.length === 0) delete (expected as Record<string, unknown>).FORWARD
      t.strictSame(sorted(after), sorted(expected))
      t.ok(isEmptyChange(diffTable(wanted, parseSavedTable(saveText(after)), options)))
    }),
    { numRuns: 200 },
  )
})

/** The table as `iptables-save` writes it. */
function saveText(kernel: Table): string {
  const rules = Object.entries(kernel).flatMap(([chain, list]) =>
    list.map((rule) => `-A ${chain} ${typeof rule === 'number' ? line(rule) : rule}`),
  )
  return ['*filter', ...Object.keys(kernel).map((chain) => `:${chain} - [0:0]`), ...rules, 'COMMIT', ''].join('\n')
}

/** What `iptables-restore --noflush` makes of the table; throws where the real one refuses. */
function restored(kernel: Table, input: string): Table {
  const chains = new Map(
    Object.entries(kernel).map(([name, rules]) => [name, rules.map((rule) => (typeof rule === 'number' ? line(rule) : rule))]),
  )
  for (const text of input.split('\n')) {
    const [, command = '', chain = '', rest = ''] = /^(:|-[ADIX] )(\S+) ?(.*)$/.exec(text) ?? []
    const rules = chains.get(chain) ?? []
    if (command === ':' || command !== '') chains.set(chain, command === ':' ? [] : rules)
    if (command === '-A ') rules.push(rest)
    if (command === '-I ') rules.splice(Number(rest.split(' ')[0]) - 1, 0, rest.slice(rest.indexOf(' ') + 1))
    if (command === '-D ' && rules.splice(rules.indexOf(rest), rules.includes(rest) ? 1 : 0).length === 0)
      throw new Error(`no rule ${text}`)
    if (command === '-X ' && rules.length > 0) throw new Error(`not empty: ${text}`)
    if (command === '-X ') chains.delete(chain)
  }
  const numberOf = (text: string) => /tortie:(\d{16})/.exec(text)?.[1]
  return Object.fromEntries(
    [...chains].map(([name, rules]) => [name, rules.map((rule) => (numberOf(rule) === undefined ? rule : Number(numberOf(rule))))]),
  )
}

function sorted(kernel: Table): Table {
  return Object.fromEntries(Object.entries(kernel).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
