/**
 * `npm test`: unit and property tests side by side, then those that need root and namespaces one at a time, then the end-to-end labs.
 * Prints what failed and was skipped, and last `N passed, N failed` (`, N skipped`); exits 1 on a failure and on a skip that is not
 * in the exact list below when CI is set.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { Parser } from 'tap-parser'

/** What may be skipped where: the whole title, with the reason. Nothing else may. */
const allowedSkips: ReadonlyMap<string, string> = new Map()

type Tally = { passed: number; failed: string[]; skipped: { title: string; reason: string }[] }
type Part = {
  readonly name: string
  readonly files: readonly string[]
  readonly jobs: number
  readonly timeoutSec: number
  /** Makes network namespaces. */
  readonly needsRoot: boolean
}

const everything = globSync(['{src,bgp,felix,ipip,policy,e2e}/**/*.test.ts'])
const isRoot = (file: string) => file.endsWith('.root.test.ts')
const isLab = (file: string) => file.startsWith('e2e/')
const parts: readonly Part[] = [
  {
    name: 'unit and property tests',
    files: everything.filter((file) => !isRoot(file) && !isLab(file)),
    jobs: 2,
    timeoutSec: 120,
    needsRoot: false,
  },
  {
    name: 'tests in network namespaces',
    files: everything.filter((file) => isRoot(file) && !isLab(file)),
    jobs: 1,
    timeoutSec: 180,
    needsRoot: true,
  },
  { name: 'end-to-end labs', files: everything.filter(isLab), jobs: 1, timeoutSec: 420, needsRoot: true },
]

/** Runs one part and adds to the tally; each leaf test counts once. */
async function runPart(part: Part, tally: Tally): Promise<void> {
  if (part.files.length === 0) return
  const began = performance.now()
  console.log(`# ${part.name}: ${part.files.length} files`)
  const tap = spawn('tap', ['run', '--reporter=tap', `--jobs=${part.jobs}`, `--timeout=${part.timeoutSec}`, ...part.files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const before = tally.passed
  const failedBefore = tally.failed.length
  const parser = new Parser()
  follow(parser, [], tally)
  const exit = new Promise<number | null>((resolve) => tap.on('exit', (code) => resolve(code)))
  tap.stdout.pipe(parser)
  await new Promise((resolve) => parser.on('complete', resolve))
  const code = await exit
  if (code !== 0 && tally.failed.length === failedBefore) tally.failed.push(`${part.name}: the test runner ended with ${code}`)
  console.log(`# ${part.name}: ${tally.passed - before} passed in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

/** Counts leaf tests; prints the diagnosis of each assertion that failed. Returns the subtests seen, filled while the parser runs. */
function follow(parser: Parser, path: readonly string[], tally: Tally): ReadonlyMap<string, unknown> {
  const children = new Map<string, ReadonlyMap<string, unknown>>()
  parser.on('child', (child: Parser) => children.set(child.name, follow(child, [...path, child.name], tally)))
  parser.on('assert', (result) => {
    const title = [...path, result.name].join(' > ')
    const subtests = children.get(result.name)
    if (result.skip) tally.skipped.push({ title, reason: String(result.skip) })
    else if (!result.ok && subtests === undefined) console.log(`not ok: ${title}\n${JSON.stringify(result.diag, null, 2)}`)
    else if (subtests !== undefined) tallyTest(title, result.ok, subtests.size === 0, tally)
  })
  return children
}

/** A failing parent repeats its child's failure: it counts only if it failed by itself (a timeout, a wrong plan). */
function tallyTest(title: string, ok: boolean, isLeaf: boolean, tally: Tally): void {
  if (ok && isLeaf) tally.passed++
  if (!ok && (isLeaf || !tally.failed.some((failed) => failed.startsWith(title)))) tally.failed.push(title)
}

const tally: Tally = { passed: 0, failed: [], skipped: [] }
for (const part of parts) {
  if (part.needsRoot && process.getuid?.() !== 0) tally.skipped.push({ title: part.name, reason: 'needs root: network namespaces' })
  else await runPart(part, tally)
}

for (const { title, reason } of tally.skipped) console.log(`skipped: ${title} (${reason})`)
const forbidden = process.env.CI === undefined ? [] : tally.skipped.filter(({ title }) => !allowedSkips.has(title))
for (const { title } of forbidden) tally.failed.push(`skipped, though not in the list of what may be: ${title}`)
for (const title of tally.failed) console.log(`failed: ${title}`)
const skipped = tally.skipped.length > 0 ? `, ${tally.skipped.length} skipped` : ''
console.log(`${tally.passed} passed, ${tally.failed.length} failed${skipped}`)
process.exitCode = tally.failed.length > 0 || tally.passed === 0 ? 1 : 0
