import type { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { BodyReader } from './body-reader.ts'
import { type Body, type Contents, readBody } from './read-body.ts'

const context = { nodeName: 'node-a', interfacePrefix: 'tort' }
const never = new AbortController().signal
const body = (text: string, format: Body['format'] = 'yaml'): Body => ({ format, octets: Buffer.from(text) })
const tier = (name: string, order: string) =>
  `apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata:\n  name: ${name}\nspec: {order: ${order}}\n`
const many = (order: string) => Array.from({ length: 800 }, (_, i) => tier(`tier-${i}`, order)).join('---\n')

/** What callers see of a reading: items with the lines they may ask for. */
async function seen<As extends keyof Contents>(as: As, given: Body) {
  const plain = (read: Awaited<ReturnType<BodyReader['read']>>) =>
    read?.items?.map(({ lineOf, ...item }) => [item, lineOf('metadata.name'), lineOf('metadata.resourceVersion'), lineOf('spec.tier')]) ??
    read?.problems
  return [plain(await new BodyReader().read(as, given, context, never)), plain(readBody(as, given, context))]
}

const large: [title: string, given: Body][] = [
  ['YAML', body(many('1'))],
  [
    'JSON',
    body(
      JSON.stringify(Array.from({ length: 800 }, (_, i) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `n${i}` } }))),
      'json',
    ),
  ],
  ['mistakes', body(many('first'))],
  ['broken', body(`${many('1')}---\n{`)],
]
for (const [title, given] of large)
  for (const as of ['resources', 'names'] as const)
    t.test(`a large body (${title}, as ${as}) is read in another thread as it would be in this one`, async (t) => {
      t.ok(given.octets.length > 32 * 1024)
      const [there, here] = await seen(as, given)
      t.strictSame(there, here)
    })

t.test('while a large body is read, the event loop turns', async (t) => {
  const turned = new Promise((resolve) => setImmediate(() => resolve('turned')))
  const read = new BodyReader().read('resources', body(many('1')), context, never)
  t.equal(await Promise.race([read, turned]), 'turned')
  t.equal((await read)?.items?.length, 800)
})

t.test('nobody waits any more: the thread is ended, and one that did not start yet never does', async (t) => {
  const gone = new AbortController()
  const reader = new BodyReader()
  const readings = [1, 2].map(() => reader.read('resources', body(many('1')), context, gone.signal))
  gone.abort()
  t.strictSame(await Promise.all(readings), [undefined, undefined])
  t.equal((await reader.read('names', body(many('1')), context, never))?.items?.length, 800, 'the next has its turn')
})

t.test('bodies that come one after the other are read by one thread; who gives up ends it, and the next has another', async (t) => {
  const reader = new BodyReader()
  let threads = 0
  const count = () => threads++
  process.on('worker', count)
  t.teardown(() => process.off('worker', count))
  for (const given of [many('1'), many('first'), many('2')]) await reader.read('resources', body(given), context, never)
  t.equal(threads, 1)
  const gone = new AbortController()
  const reading = reader.read('resources', body(many('1')), context, gone.signal)
  await Promise.resolve().then(() => gone.abort())
  t.equal(await reading, undefined)
  t.equal((await reader.read('names', body(many('1')), context, never))?.items?.length, 800)
})

/** The threads that begin from here on. */
function threadsBegun(t: Test): readonly Worker[] {
  const threads: Worker[] = []
  const note = (thread: Worker) => threads.push(thread)
  process.on('worker', note)
  t.teardown(() => process.off('worker', note))
  return threads
}

t.test('a thread that fails while nobody waits for it ends alone, and the next body has another', async (t) => {
  const reader = new BodyReader()
  const threads = threadsBegun(t)
  const read = async () => (await reader.read('names', body(many('1')), context, never))?.items?.length
  t.equal(await read(), 800)
  const ended = new Promise((resolve) => threads[0]?.once('exit', resolve))
  threads[0]?.ref()
  threads[0]?.postMessage({ as: 'nothing that can be read' })
  await ended
  t.equal(await read(), 800)
  t.equal(threads.length, 2)
})

t.test('a thread that ends by itself: whoever waits for it is told, and the next body has another', async (t) => {
  const reader = new BodyReader()
  const threads = threadsBegun(t)
  const read = async () => (await reader.read('names', body(many('1')), context, never))?.items?.length
  t.equal(await read(), 800)
  await threads[0]?.terminate()
  const reading = read()
  while (threads.length < 2) await new Promise(setImmediate)
  void threads[1]?.terminate()
  await t.rejects(reading, { message: /^the thread that reads a body of \d+ octets failed$/, cause: { message: /^it ended with \d+$/ } })
  t.equal(await read(), 800)
  t.equal(threads.length, 3)
})
