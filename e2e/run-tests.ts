/**
 * `npm test`: unit and property tests side by side, then those that need root and namespaces one at a time, then the end-to-end labs.
 * Prints what failed and was skipped, and last `N passed, N failed` (`, N skipped`); exits 1 on a failure and on a skip that is not
 * in the exact list below when CI is set.
 */
import { globSync } from 'node:fs'
import { runTestFile } from './test-process.ts'
import { Tally } from './test-tally.ts'

/** What may be skipped where: the whole title, with the reason. Nothing else may. */
const allowedSkips: ReadonlyMap<string, string> = new Map()

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

/** Runs the files of one part, `jobs` at a time, and adds to the tally. */
async function runPart({ name, files, jobs, timeoutSec }: Part, tally: Tally): Promise<void> {
  if (files.length === 0) return
  const began = performance.now()
  const before = tally.passed
  console.log(`# ${name}: ${files.length} files`)
  const waiting = files.values()
  const worker = async () => {
    for (const file of waiting) await runTestFile(file, timeoutSec, tally)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  console.log(`# ${name}: ${tally.passed - before} passed in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

const tally = new Tally(console.log)
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
