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
/** A heap that grew or shrank by less between two looks is one that nobody works in. */
const quietOctets = 8 * megabyte
/** The young generation of an idle agent is 32 MB of it at most. */
const worthwhileOctets = 40 * megabyte
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
 * The same again whenever very much was stored and it has become quiet: reading 100,000 resources leaves half as much behind as is kept
 * of them, and where nothing happens V8 never looks. Takes about 1 ms for each megabyte in use.
 * @param taken octets that the heap took when memory was trimmed last
 * @returns what ends it
 */
export function trimWhenQuiet(taken: number): () => void {
  let [kept, before] = [taken, v8.getHeapStatistics().used_heap_size]
  const timer = setInterval(() => {
    const { used_heap_size: used, total_heap_size: total } = v8.getHeapStatistics()
    const isQuiet = Math.abs(used - before) < quietOctets
    before = used
    limitGrowth()
    if (!isQuiet || !isWorthwhile(total, kept)) return
    kept = trimMemory()
    before = v8.getHeapStatistics().used_heap_size
  }, lookMs).unref()
  return () => clearInterval(timer)
}

/** @param now octets the heap takes @param kept octets it took when it was trimmed */
export function isWorthwhile(now: number, kept: number): boolean {
  return now > kept + worthwhileOctets
}

/** @param used octets of the heap @returns how many percent of it may come until all of it is looked through */
export function growthOf(used: number): number {
  return Math.max(growthPercent.least, Math.min(growthPercent.most, Math.round((growthOctets * 100) / used)))
}

function limitGrowth(): void {
  v8.setFlagsFromString(`--heap-growing-percent=${growthOf(v8.getHeapStatistics().used_heap_size)}`)
}
