/** Large and hostile policies: work grows with the text, counted in questions to it and not in time; answers stay bounded. */
import fc from 'fast-check'
import t from 'tap'
import { parseSelector } from '../../policy/selector/parse.ts'
import { selectorHint } from '../../policy/selector/selector-hint.ts'
import { checkDocuments, readDocuments } from './documents.ts'
import { kubernetes, refusals, yaml } from './refused.fixture.ts'
import { context } from './sample-resources.ts'

/** How often the text was asked: each is a step forward of the reader, or a look at the next few characters. */
function questions(action: () => unknown): number {
  let count = 0
  const note = () => count++
  const restore = [noting(RegExp.prototype, 'exec', note), ...['startsWith', 'indexOf'].map((name) => noting(String.prototype, name, note))]
  try {
    action()
  } finally {
    for (const undo of restore) undo()
  }
  return count
}

/** Tells of each call of a method, until what it returns is called. */
function noting(holder: object, name: string, note: () => void): () => void {
  const before = Object.getOwnPropertyDescriptor(holder, name) ?? {}
  const original: unknown = before.value
  if (typeof original !== 'function') throw new Error(`${name} is no method`)
  const value = function (this: unknown, ...parameters: unknown[]): unknown {
    note()
    return Reflect.apply(original, this, parameters)
  }
  Object.defineProperty(holder, name, { ...before, value })
  return () => Object.defineProperty(holder, name, before)
}

const families: readonly (readonly [title: string, text: (n: number) => string])[] = [
  ['conditions in a row', (n) => Array(n).fill("a == 'b'").join(' && ')],
  ['alternatives in a row', (n) => Array(n).fill('has(a)').join('||')],
  ['values of a set', (n) => `a in {${Array(n).fill("'b'").join(',')}}`],
  ['negations', (n) => `${'! '.repeat(n)}has(a)`],
  ['parentheses that are too deep', (n) => '('.repeat(n)],
  ['spaces within an operator', (n) => `a starts${' '.repeat(n)}with${' '.repeat(n)}'b'`],
  ['spaces within an operator that is none', (n) => `a not${' '.repeat(n)}x`],
  ['a string without end', (n) => `a == '${'b'.repeat(n)}`],
  ['labels without operators', (n) => 'a '.repeat(n)],
]
for (const [title, text] of families)
  t.test(`reading a selector takes a number of questions that grows no faster than its text: ${title}`, async (t) => {
    const [few, many] = [100, 800].map((n) => questions(() => parseSelector(text(n))))
    t.ok(few !== undefined && many !== undefined && many <= 8 * few + 50, `${few} for 100, ${many} for 800`)
  })

t.test('a hint is looked for in the surroundings of the mistake, however long the text is', async (t) => {
  const hint = (n: number) => {
    const text = `${"a == 'b' && ".repeat(n)}app = 'web'${" && a == 'b'".repeat(n)}`
    const error = parseSelector(text)
    return error.type === 'error' ? [selectorHint(text, error), questions(() => selectorHint(text, error))] : []
  }
  t.strictSame(hint(10), hint(10_000))
})

t.test('of a policy of 10,000 rules it is said that they are too many, and of wrong ones no more than 1,000 things', async (t) => {
  const rules = (rule: string) => refusals(yaml('GlobalNetworkPolicy', `ingress:\n${rule.repeat(10_000)}`))
  t.strictSame(rules('- { action: Deny }\n'), ['0:5 spec.ingress: must not have more than 1024 items'])
  t.equal(rules('- { action: deny }\n').length, 1_000)
})

t.test('1,024 rules are taken, each with its line', async (t) => {
  const rules = [...Array(1_024).keys()].map((i) => `- { action: Allow, protocol: TCP, destination: { ports: [${i + 1}] } }`)
  t.strictSame(refusals(yaml('GlobalNetworkPolicy', `ingress:\n${rules.join('\n')}`)), [])
  const last = rules.with(-1, '- { action: Allow, destination: { ports: [1] } }')
  t.strictSame(refusals(yaml('GlobalNetworkPolicy', `ingress:\n${last.join('\n')}`)), [
    '0:1029 spec.ingress[1023].destination.ports[0]: a port number needs a protocol: TCP, UDP or SCTP',
  ])
})

const peers = (n: number) => [...Array(n).keys()].map((i) => `{ ipBlock: { cidr: 10.${i >> 8}.${i & 255}.0/24 } }`).join(', ')
const ports = (n: number, protocol = 'TCP') => [...Array(n).keys()].map((i) => `{ protocol: ${protocol}, port: ${2 * i + 1} }`).join(', ')
const refused = (line: number, direction: string, count: number) =>
  `0:${line} spec.${direction}: its peers and ports make ${count} rules together, at most 10000 are allowed: ` +
  'give ports that follow each other as one range (endPort), or write several policies'
const products: readonly (readonly [title: string, rules: string, expected: readonly string[]])[] = [
  ['many peers, no ports', `ingress:\n- from: [${peers(5_000)}]`, []],
  ['many ports, one peer', `egress:\n- to: [${peers(1)}]\n  ports: [${ports(5_000)}]`, []],
  ['as many as are allowed', `ingress:\n- from: [${peers(500)}]\n  ports: [${ports(300)}]`, []],
  ['a list more', `ingress:\n- from: [${peers(500)}]\n  ports: [${ports(301)}]`, [refused(6, 'ingress', 10_500)]],
  [
    'a name is a list of its own',
    `egress:\n- to: [${peers(500)}]\n  ports: [${ports(300)}, { port: http }]`,
    [refused(6, 'egress', 10_500)],
  ],
  [
    'a range takes two places',
    `ingress:\n- from: [${peers(5_001)}]\n  ports: [${ports(14)}, { port: 80, endPort: 90 }]`,
    [refused(6, 'ingress', 10_002)],
  ],
  ['each protocol', `ingress:\n- from: [${peers(5_001)}]\n  ports: [${ports(9)}, ${ports(9, 'UDP')}]`, [refused(6, 'ingress', 10_002)]],
  ['all ports of a protocol are one', `ingress:\n- from: [${peers(5_000)}]\n  ports: [${ports(300)}, { protocol: TCP }]`, []],
  ['all rules count', `ingress:\n${`- from: [${peers(500)}]\n  ports: [${ports(290)}]\n`.repeat(2)}`, [refused(6, 'ingress', 20_000)]],
]
for (const [title, rules, expected] of products)
  t.test(`§6.15 a small text asks for no millions of rules: ${title}`, async (t) =>
    t.strictSame(refusals(kubernetes(`podSelector: {}\n${rules}`)), expected),
  )

t.test('a text of aliases of aliases is refused before any is written out', async (t) => {
  const levels = [...Array(40).keys()].map((i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
  const problems = refusals(`l0: &l0 [x]\n${levels.join('\n')}\n`)
  t.ok(problems.length > 0 && problems.every((problem) => problem.includes('aliases are not taken')))
})

t.test('noise in the place of any field of a policy is refused or taken, and never throws', async () => {
  const fields = [
    'action',
    'protocol',
    'notProtocol',
    'icmp',
    'source',
    'destination',
    'ipVersion',
    'metadata',
    'ports',
    'selector',
    'nets',
  ]
  const noise = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown[]>('Allow', 'TCP', 80, '80:90', 'a == "b"', '10.0.0.0/8', '', null, true, 0, -1, 1e300),
      fc.string(),
      fc.dictionary(fc.constantFrom(...fields), tie('value'), { maxKeys: 4 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  })).value
  fc.assert(
    fc.property(noise, noise, (rule, spec) => {
      const policies = [{ ingress: [rule] }, spec].map((one) => ({
        apiVersion: 'projectcalico.org/v3',
        kind: 'GlobalNetworkPolicy',
        metadata: { name: 'a' },
        spec: one,
      }))
      return policies.every((policy) => {
        const { items } = readDocuments(JSON.stringify(policy), 'json')
        const { problems } = checkDocuments(items ?? [], context)
        return (
          problems === undefined || problems.every(({ path, reason, document }) => path !== undefined && reason !== '' && document === 0)
        )
      })
    }),
    { numRuns: 300 },
  )
})
