import v8 from 'node:v8'
import vm from 'node:vm'

/**
 * How much may come to the heap until all of it is looked through again. What routes take in typed arrays counts as growth, though it is
 * none of the collector's work: with V8's own figure a table of a million routes has the whole heap marked eight times while it loads.
 */
const growthPercent = 300

/** How often it is looked whether there is something to give back. */
const lookMs = 5_000
const megabyte = 1024 * 1024
/** A heap that grew or shrank by less between two looks is one that nobody works in. */
const quietOctets = 8 * megabyte

/**
 * Gives memory back that only starting needed. Loading some hundred modules leaves a heap sized for compiling them, which V8 would keep:
 * about 25 MB of an idle agent. Takes about 50 ms; to be called once, when nothing waits.
 * @returns octets that are in use
 */
export function trimMemory(): number {
  v8.setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as NodeJS.GCFunction
  v8.setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return usedHeap()
}

/**
 * The same again whenever very much was stored and it has become quiet: what reading 100,000 resources left behind is twice what is kept
 * of them, and where nothing happens V8 never looks. Takes about 1 ms for each megabyte in use.
 * @param used octets that were in use when memory was trimmed last
 * @returns what ends it
 */
export function trimWhenQuiet(used: number): () => void {
  let [kept, before] = [used, used]
  const timer = setInterval(() => {
    const now = usedHeap()
    const isQuiet = Math.abs(now - before) < quietOctets
    before = now
    if (isQuiet && isWorthwhile(now, kept)) {
      kept = trimMemory()
      before = kept
    }
  }, lookMs).unref()
  return () => clearInterval(timer)
}

/** @param now octets in use and left behind @param kept octets in use when they were last counted */
export function isWorthwhile(now: number, kept: number): boolean {
  return now > kept * 1.3 + 32 * megabyte
}

function usedHeap(): number {
  return v8.getHeapStatistics().used_heap_size
}
