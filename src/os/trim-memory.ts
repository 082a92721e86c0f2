import v8 from 'node:v8'
import vm from 'node:vm'
import { returnFreeMemory } from './large-memory.ts'

/**
 * How much may come to the heap until all of it is looked through again. What routes take in typed arrays counts as growth, though it is
 * none of the collector's work: with V8's own figure a table of a million routes has the whole heap marked eight times while it loads.
 */
const growthPercent = { most: 300, least: 25 }

/** How often it is looked whether there is something to give back. */
const lookMs = 5_000
const megabyte = 1024 * 1024
/** A heap that grew or shrank by less between two looks is one into which nothing large is read. */
const quietOctets = 8 * megabyte
/** The young generation of an idle agent is 32 MB of it at most. */
const worthwhileOctets = 40 * megabyte
/** A heap without many resources, whatever routes take beside it. */
const smallOctets = 48 * megabyte
/** What a large heap may grow by: three times 200 MB would mostly be what nobody holds any more. */
const growthOctets = 64 * megabyte

/**
 * Gives memory back that only starting needed. Loading some hundred modules leaves a heap sized for compiling them, which V8 would keep:
 * about 25 MB of an idle agent. Takes about 50 ms; to be called once, when nothing waits.
 * @returns octets that the heap takes then
 */
export function trimMemory(): number {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as NodeJS.GCFunction
  v8.setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  limitGrowth()
  void returnFreeMemory()
  return v8.getHeapStatistics().total_heap_size
}

/**
 * From here on threads have the young generation they are given (`resourceLimits`): what the command line says would go over it. That of
 * this thread is what it was made.
 */
export function limitThreadsAlone(): void {
  v8.setFlagsFromString('--max-semi-space-size=0')
}

/**
 * The same again whenever very much was stored and it has become quiet: reading 100,000 resources leaves half as much behind as is kept
 * of them, and where nothing happens V8 never looks. Takes about 1 ms for each megabyte in use, which a change would have to wait for:
 * small changes that come all the time keep it away, and the limit of growth serves meanwhile.
 * @param taken octets that the heap took when memory was trimmed last
 * @param workDone a count that every change of what the node does raises
 * @returns what ends it
 */
export function trimWhenQuiet(taken: number, workDone: () => number): () => void {
  const look = (): Look => ({ usedOctets: v8.getHeapStatistics().used_heap_size, workDone: workDone() })
  let [kept, before] = [taken, look()]
  const timer = setInterval(() => {
    const now = look()
    const wasQuiet = isQuiet(before, now)
    before = now
    limitGrowth()
    if (!wasQuiet || !isWorthwhile(v8.getHeapStatistics().total_heap_size, kept)) return
    kept = trimMemory()
    before = look()
  }, lookMs).unref()
  return () => clearInterval(timer)
}

/** What was seen when it was looked whether memory can be given back. */
export type Look = { readonly usedOctets: number; readonly workDone: number }

/** @returns whether nothing large was read and nothing changed between two looks */
export function isQuiet(before: Look, now: Look): boolean {
  return Math.abs(now.usedOctets - before.usedOctets) < quietOctets && now.workDone === before.workDone
}

/** @param now octets the heap takes @param kept octets it took when it was trimmed */
export function isWorthwhile(now: number, kept: number): boolean {
  return now > kept + worthwhileOctets
}

/** @param used octets of the heap @returns how many percent of it may come until all of it is looked through */
export function growthOf(used: number): number {
  if (used < smallOctets) return growthPercent.most
  return Math.max(growthPercent.least, Math.min(growthPercent.most, Math.round((growthOctets * 100) / used)))
}

function limitGrowth(): void {
  v8.setFlagsFromString(`--heap-growing-percent=${growthOf(v8.getHeapStatistics().used_heap_size)}`)
}
