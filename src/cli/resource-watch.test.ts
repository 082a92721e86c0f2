/** A scripted agent, since what is tested is what the real one does seldom: forget a revision, break off, be away. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { runTortie } from './cli-fixture.ts'
import { connectionTo } from './client.ts'
import { findKind } from './kind-names.ts'
import { labelFilter } from './label-filter.ts'
import { type Wanted, type WatchEvent, watchResources } from './resource-watch.ts'

const namespaces: Wanted = { kind: findKind('ns') }
const ns = (name: string, resourceVersion: string, labels = {}) => ({ metadata: { name, resourceVersion, labels } })
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`

type Step = (response: ServerResponse) => void

/** One list. */
const list =
  (resourceVersion: string, ...items: readonly object[]): Step =>
  (response) =>
    response.end(JSON.stringify({ metadata: { resourceVersion }, items }))
/** A stream that goes on. */
const stream =
  (...chunks: readonly string[]): Step =>
  (response) => {
    response.writeHead(200).flushHeaders()
    for (const chunk of chunks) response.write(chunk)
  }
const refusal =
  (status: number): Step =>
  (response) =>
    response.writeHead(status).end(JSON.stringify({ title: 'Not parsable', detail: 'no' }))
/** A stream that ends, politely or not. */
const ending =
  (how: 'end' | 'destroy', text: string): Step =>
  (response) => {
    response.writeHead(200).flushHeaders()
    if (how === 'end') response.end(text)
    else response.write(text, () => response.destroy())
  }
const brokenOff: Step = (response) => response.destroy()

/** Answers one request after the other; the last step is for all that come later. */
async function agent(t: Test, ...steps: readonly Step[]) {
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    steps[Math.min(asked.push(url) - 1, steps.length - 1)]?.(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { asked, text: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** What is told until so many events have come. */
async function watched(text: string, count: number, wanted: Wanted = namespaces) {
  const ended = new AbortController()
  const lost: string[] = []
  const told: string[] = []
  const options = { signal: ended.signal, retryMs: 10, onLost: (reason: string) => lost.push(reason) }
  for await (const batch of watchResources(connectionTo(text), wanted, options)) {
    told.push(...batch.map(({ type, object }: WatchEvent) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`))
    if (told.length >= count) ended.abort()
  }
  return { told, lost }
}

t.test('first what is there, then each change; a bookmark and a line in two pieces are no trouble', async (t) => {
  const changed = line('MODIFIED', ns('a', '3'))
  const { text, asked } = await agent(
    t,
    list('2', ns('a', '1'), ns('b', '2')),
    stream(
      changed.slice(0, 20),
      `${changed.slice(20)}${line('BOOKMARK', ns('', '9'))}`,
      `${line('DELETED', ns('b', '4'))}${line('ADDED', ns('c', '5'))}`,
    ),
  )
  t.strictSame(await watched(text, 5), { told: ['ADDED a 1', 'ADDED b 2', 'MODIFIED a 3', 'DELETED b 4', 'ADDED c 5'], lost: [] })
  t.strictSame(asked, ['/api/v1/namespaces', '/api/v1/namespaces?watch=true&resourceVersion=2'])
})

const seconds: [title: string, end: Step][] = [
  ['410: the revision is too old', refusal(410)],
  ['the agent ends the stream', ending('end', '')],
  ['the connection breaks in the middle of a line', ending('destroy', '{"type":"ADDED"')],
  ['the connection breaks before an answer', brokenOff],
]
for (const [title, end] of seconds)
  t.test(`${title}: listed again, and what was missed is told, deletions included`, async (t) => {
    const { text } = await agent(
      t,
      list('2', ns('a', '1'), ns('b', '2'), ns('c', '2')),
      end,
      list('9', ns('a', '1'), ns('b', '7'), ns('d', '8')),
      stream(),
    )
    t.strictSame((await watched(text, 6)).told, ['ADDED a 1', 'ADDED b 2', 'ADDED c 2', 'DELETED c 2', 'MODIFIED b 7', 'ADDED d 8'])
  })

t.test('an agent that is away is waited for, and its absence is said once', async (t) => {
  const { text } = await agent(t, list('1', ns('a', '1')), ending('end', ''), brokenOff, brokenOff, list('2'), stream())
  const { told, lost } = await watched(text, 2)
  t.strictSame([told, lost.length], [['ADDED a 1', 'DELETED a 1'], 1])
  t.match(lost[0], /^cannot talk to http:/)
})

t.test('only what was asked for: a name, labels; what loses its label is gone', async (t) => {
  const selected: Wanted = { ...namespaces, selector: labelFilter('team=blue') }
  const blue = { team: 'blue' }
  const steps = [
    list('2', ns('a', '1', blue), ns('b', '2')),
    stream(
      line('MODIFIED', ns('b', '3', blue)),
      line('MODIFIED', ns('a', '4')),
      line('MODIFIED', ns('a', '5')),
      line('DELETED', ns('b', '6', blue)),
    ),
  ]
  const first = await agent(t, ...steps)
  t.strictSame((await watched(first.text, 4, selected)).told, ['ADDED a 1', 'ADDED b 3', 'DELETED a 4', 'DELETED b 6'])
  const second = await agent(t, ...steps)
  t.strictSame((await watched(second.text, 3, { ...namespaces, name: 'a' })).told, ['ADDED a 1', 'MODIFIED a 4', 'MODIFIED a 5'])
})

t.test('a refused list or watch is a failure, not asked again', async (t) => {
  const listless = await agent(t, refusal(404))
  await t.rejects(watched(listless.text, 1), { exitCode: 1, message: 'not parsable: no' })
  const watchless = await agent(t, list('1'), refusal(400))
  await t.rejects(watched(watchless.text, 1), { exitCode: 1, message: 'not parsable: no' })
  t.equal(watchless.asked.length, 2)
})

const outputs: [output: string, expected: string][] = [
  ['table', 'EVENT     NAME  CREATED\nADDED     a     -\nDELETED   a     -\n'],
  ['json', `${line('ADDED', ns('a', '1'))}${line('DELETED', ns('a', '2'))}`],
  ['yaml', ['ADDED', '1', 'DELETED', '2'].join()],
]
for (const [output, expected] of outputs)
  t.test(`get --watch -o ${output}: an event as it comes; Ctrl-C ends it with 130`, async (t) => {
    const { text } = await agent(t, list('1', ns('a', '1')), stream(line('DELETED', ns('a', '2'))))
    const run = await runTortie(['get', 'ns', '--watch', '-o', output, '--server', text], { interruptAfter: 'DELETED' })
    const shown =
      output === 'yaml' ? [...run.out.matchAll(/type: (\w+)|resourceVersion: "(\d)"/g)].map(([, type, at]) => type ?? at).join() : run.out
    t.strictSame([run.code, shown, run.err], [130, expected, ''])
  })

t.test('get --watch ends quietly when nobody reads any more', async (t) => {
  const { text } = await agent(t, list('1', ns('a', '1')), stream(line('DELETED', ns('a', '2'))))
  const run = await runTortie(['get', 'ns', '--watch', '--server', text], { closeAfter: 'ADDED' })
  t.strictSame([run.code, run.err], [0, ''])
})
