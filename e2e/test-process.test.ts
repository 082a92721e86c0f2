/** What the runner of the tests says of files that end in every way. */
import t from 'tap'
import { runTestFile } from './test-process.ts'
import { Tally } from './test-tally.ts'

/** Far more than a small file takes, also on a busy machine. */
const limitSec = 5

type Row = readonly [title: string, source: string, told: { passed?: number; failed?: readonly string[]; skipped?: readonly string[] }]
const rows: readonly Row[] = [
  [
    'tests without subtests are counted',
    "t.test('a', (t) => t.test('b', async (t) => t.ok(1))); t.test('c', async (t) => t.ok(1))",
    { passed: 2 },
  ],
  ['a file that only asserts counts as one test', 't.ok(1); t.ok(2)', { passed: 1 }],
  [
    'a failure counts once, where it is',
    "t.test('a', (t) => t.test('b', async (t) => t.ok(0))); t.test('c', async (t) => t.ok(1))",
    { passed: 1, failed: ['FILE > a > b'] },
  ],
  [
    'a skipped test is told with its reason',
    "t.test('a', { skip: 'no kernel' }, () => {}); t.ok(1)",
    { passed: 1, skipped: ['FILE > a: no kernel'] },
  ],
  ['a file without a test fails', '', { failed: ['FILE: holds no test'] }],
  [
    'another exit code than 0 fails',
    "t.test('a', async (t) => t.ok(1)); process.on('exit', () => process.exit(3))",
    { passed: 1, failed: ['FILE: ended with 3'] },
  ],
  [
    'a process that is killed between its tests fails',
    "t.test('a', async (t) => t.ok(1)); process.on('exit', () => process.kill(process.pid, 'SIGKILL'))",
    { passed: 1, failed: ['FILE: ended with SIGKILL'] },
  ],
  [
    'a test that does not end in time fails',
    "t.test('a', async () => new Promise((resolve) => setTimeout(resolve, 60_000)))",
    { failed: ['FILE > a'] },
  ],
  [
    'a process that does not answer is killed',
    't.ok(1); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    { failed: ['FILE: ended with SIGKILL'] },
  ],
]
for (const [title, source, { passed = 0, failed = [], skipped = [] }] of rows) {
  t.test(title, async (t) => {
    const directory = t.testdir({ 'it.test.ts': `import t from 'tap'; ${source}` })
    const file = `${directory}/it.test.ts`
    const tally = new Tally(() => {})
    await runTestFile(file, limitSec, tally)
    const named = (text: string) => text.replace(file, 'FILE')
    t.strictSame(
      [tally.passed, tally.failed.map(named), tally.skipped.map(({ title, reason }) => `${named(title)}: ${reason}`)],
      [passed, failed, skipped],
    )
  })
}
