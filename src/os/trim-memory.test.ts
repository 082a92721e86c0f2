import { once } from 'node:events'
import v8 from 'node:v8'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { growthOf, isQuiet, isWorthwhile, limitThreadsAlone, trimMemory, trimWhenQuiet } from './trim-memory.ts'

const megabyte = 1024 * 1024

t.test('what nobody holds any more is given back', async (t) => {
  const kept = trimMemory()
  let held: unknown = Array.from({ length: 200_000 }, (_, n) => ({ n: [n] }))
  const grown = v8.getHeapStatistics().used_heap_size
  t.ok(grown > kept + 8 * megabyte, `${grown} is more than ${kept}`)
  held = undefined
  t.equal(held, undefined)
  t.ok(trimMemory() < kept + 4 * megabyte)
})

const table: [title: string, nowMb: number, keptMb: number, expected: boolean][] = [
  ['what an idle agent makes and drops is not worth a look', 60, 30, false],
  ['the room that reading 100,000 resources took is', 350, 230, true],
  ['what a big heap makes and drops is not', 282, 250, false],
  ['one that shrank is not', 100, 250, false],
]
for (const [title, now, kept, expected] of table) t.equal(isWorthwhile(now * megabyte, kept * megabyte), expected, title)

const quiet: [title: string, grownMb: number, changes: number, expected: boolean][] = [
  ['an agent that only answers is quiet', 3, 0, true],
  ['one that reads much is not', 30, 0, false],
  ['nor one whose heap was just looked through', -30, 0, false],
  ['nor one with small changes all the time, which would have to wait', 1, 2, false],
]
for (const [title, grown, changes, expected] of quiet) {
  const before = { usedOctets: 200 * megabyte, workDone: 7 }
  t.equal(isQuiet(before, { usedOctets: (200 + grown) * megabyte, workDone: 7 + changes }), expected, title)
}

const growth: [title: string, usedMb: number, percent: number][] = [
  ['a heap that holds nearly nothing grows fast', 1, 300],
  ['that of an agent with few resources too: it may get a million routes', 32, 300],
  ['a large one by 64 MB', 160, 40],
  ['a very large one by no less than that share', 2_000, 25],
]
for (const [title, used, percent] of growth) t.equal(growthOf(used * megabyte), percent, title)

t.test('it holds up neither the end of the process nor its own', async () => trimWhenQuiet(0, () => 0)())

t.test('a thread has the young generation it is given, whatever the command line says of all', async (t) => {
  const limitMb = async (): Promise<number> => {
    const thread = new Worker('require("node:worker_threads").parentPort.ref()', {
      eval: true,
      resourceLimits: { maxYoungGenerationSizeMb: 12 },
    })
    await once(thread, 'online')
    const { heap_size_limit: limit } = await thread.getHeapStatistics()
    await thread.terminate()
    return limit / megabyte
  }
  v8.setFlagsFromString('--max-semi-space-size=16')
  const before = await limitMb()
  limitThreadsAlone()
  t.equal(before - (await limitMb()), 3 * 16 - 12)
})
