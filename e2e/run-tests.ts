/**
 * `npm test`: unit and property tests, then those that need root and namespaces, then the end-to-end labs; each file in a process of its
 * own, a few side by side. Prints what failed and was skipped, and last `N passed, N failed` (`, N skipped`); exits 1 on a failure and on a
 * skip that is not in the exact list below when CI is set.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { runTestFile } from './test-process.ts'
import { Tally } from './test-tally.ts'

/** What may be skipped where: the whole title, with the reason. Nothing else may. */
const allowedSkips: ReadonlyMap<string, string> = new Map()

/** Most tests wait for others much of the time: one file more than there are processors keeps these busy. Each may need 2 GB. */
const sideBySide = Math.min(availableParallelism(), 4) + 1

/** Begun first, so that none of them is what all wait for at the end. */
const longest = [
  'bgp/session/live-fuzz.test.ts',
  'bgp/session/inputs-attributes.test.ts',
  'bgp/session/inputs-open.test.ts',
  'bgp/session/transport.root.test.ts',
  'bgp/session/frr.root.test.ts',
  'e2e/ipip.test.ts',
  'e2e/conformance.test.ts',
  'e2e/interop.test.ts',
  'e2e/kill-audit.test.ts',
  'e2e/flows.test.ts',
  'e2e/fuzz.test.ts',
  'e2e/drift.test.ts',
]

type Part = {
  readonly name: string
  readonly files: readonly string[]
  readonly timeoutSec: number
  /** Makes network namespaces. */
  readonly needsRoot: boolean
}

const found = globSync(['{src,bgp,felix,ipip,policy,e2e}/**/*.test.ts'])
const everything = [...longest.filter((file) => found.includes(file)), ...found.filter((file) => !longest.includes(file))]
const isRoot = (file: string) => file.endsWith('.root.test.ts')
const isLab = (file: string) => file.startsWith('e2e/')
const parts: readonly Part[] = [
  {
    name: 'unit and property tests',
    files: everything.filter((file) => !isRoot(file) && !isLab(file)),
    timeoutSec: 240,
    needsRoot: false,
  },
  {
    name: 'tests in network namespaces',
    files: everything.filter((file) => isRoot(file) && !isLab(file)),
    timeoutSec: 300,
    needsRoot: true,
  },
  { name: 'end-to-end labs', files: everything.filter(isLab), timeoutSec: 600, needsRoot: true },
]

/** Runs the files of one part and adds to the tally. */
async function runPart({ name, files, timeoutSec }: Part, tally: Tally): Promise<void> {
  if (files.length === 0) return
  const began = performance.now()
  const before = tally.passed
  console.log(`# ${name}: ${files.length} files`)
  const waiting = files.values()
  const worker = async () => {
    for (const file of waiting) await runTestFile(file, timeoutSec, tally)
  }
  await Promise.all(Array.from({ length: sideBySide }, worker))
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
