/**
 * The running agent against requests made from its own OpenAPI document, for FUZZ_SECONDS (60): no 5xx but 503 and 504, every error a
 * problem, nothing changed by what was refused, nothing left behind. FUZZ_SEED repeats a run.
 */
import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { type Document, type FuzzRequest, fuzzRequests } from './lab/fuzz-requests.ts'
import { type RawResponse, sendRaw } from './lab/raw-http.ts'
import { endpoint, SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'

const seconds = Number(process.env.FUZZ_SECONDS ?? 60)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
/** What a client waits for: longer ones are waits and watches, which are left. */
const patienceMs = 500
const maxGrowthMb = 48

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
const { node } = lab
await node.writeConfig({ bgp: { enabled: true }, felix: {} })
await node.start()

const document = (await node.request('GET', '/openapi.json')).body as Document
const lists = Object.keys(document.paths).filter((url) => /^\/apis?\//.test(url) && !url.includes('{'))

async function revision(): Promise<number> {
  return ((await node.request('GET', '/v1/status')).body as { revision: number }).revision
}

async function everything(): Promise<string> {
  const bodies = await Promise.all(lists.map(async (url) => (await node.request('GET', url)).body as { items: readonly unknown[] }))
  return JSON.stringify(bodies.map(({ items }) => items))
}

function residentMb(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${node.pid}/status`, 'utf8'))?.[1]) / 1024
}

function openFiles(): number {
  return readdirSync(`/proc/${node.pid}/fd`).length
}

function threads(): number {
  return readdirSync(`/proc/${node.pid}/task`).length
}

/** What is wrong with the answers to a connection's requests; '' if nothing is. */
function fault(responses: readonly RawResponse[]): string {
  return responses.map(faultOf).find((one) => one !== '') ?? ''
}

function faultOf({ status, headers, body, complete }: RawResponse): string {
  if (status >= 500 && status !== 503 && status !== 504) return `answered ${status}: ${body.slice(0, 300)}`
  if (status < 400 || !complete) return ''
  if (headers.get('content-type') !== 'application/problem+json') return `${status} is a ${headers.get('content-type')}`
  if (body === '') return '' // of HEAD
  const problem = JSON.parse(body) as { status?: unknown; type?: unknown; title?: unknown; detail?: unknown }
  const isProblem = problem.status === status && [problem.type, problem.title, problem.detail].every((one) => typeof one === 'string')
  return isProblem ? '' : `${status} is no problem: ${body.slice(0, 300)}`
}

/** Batches that only read go side by side, those that may change something so many at once: alone, it is known which one did. */
function together(batches: readonly (readonly FuzzRequest[])[], atOnce: number): readonly (readonly (readonly FuzzRequest[])[])[] {
  const reads = (batch: readonly FuzzRequest[]) => batch.every((request) => request.reads)
  const others = batches.filter((batch) => !reads(batch))
  const groups = Array.from({ length: Math.ceil(others.length / atOnce) }, (_, index) => others.slice(index * atOnce, (index + 1) * atOnce))
  return [batches.filter(reads), ...groups]
}

function changesNothing(batch: readonly FuzzRequest[], responses: readonly RawResponse[]): boolean {
  const refused = responses.length === batch.length && responses.every(({ status, complete }) => complete && status >= 400 && status < 500)
  return refused || batch.every((request) => request.reads)
}

/** A watch of one kind from before to after: what it has seen. */
async function watchAll(url: string) {
  const view = new Map<string, string>()
  const request = http.get({ socketPath: node.socketPath, path: `${url}?watch=true` })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject))
  let rest = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as {
        type: string
        object: { metadata: { name: string; namespace?: string; resourceVersion: string } }
      }
      const key = `${object.metadata.namespace}/${object.metadata.name}`
      if (type === 'DELETED') view.delete(key)
      else view.set(key, object.metadata.resourceVersion)
    }
  })
  response.on('error', () => undefined)
  return { view, response, end: () => request.destroy() }
}

t.test(`${seconds} s of requests from the document, seed ${seed}`, { timeout: (seconds + 180) * 1_000 }, async (t) => {
  t.comment(`FUZZ_SEED=${seed} repeats it`)
  await node.apply(endpoint({ name: 'web', host: 2, labels: { app: 'web' } }))
  const watched = '/apis/projectcalico.org/v3/networksets'
  const watch = await watchAll(watched)
  const requests = fuzzRequests(document)
  const statuses = new Map<number, number>()
  const until = performance.now() + seconds * 1_000
  let [halfMb, files, running] = [0, 0, 0]
  let [before, stored] = [await revision(), await everything()]
  for (let round = 0; performance.now() < until; round += 1) {
    for (const group of together(fc.sample(requests, { seed: seed + round, numRuns: 100 }), round % 2 === 0 ? 1 : 8)) {
      const answers = await Promise.all(group.map((batch) => sendRaw(node.socketPath, connectionOf(batch), patienceMs)))
      for (const { status } of answers.flat()) statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const shown = () => group.flatMap((batch) => batch.map((request) => request.shown)).join('\n')
      const wrong = fault(answers.flat())
      if (wrong !== '') return t.fail(`${wrong}\n${shown()}`)
      const now = await revision()
      if (group.every((batch, index) => changesNothing(batch, answers[index] ?? [])) && now !== before)
        return t.fail(`what was refused or only read changed something:\n${shown()}`)
      if (now !== before) stored = ''
      before = now
    }
    const now = await everything()
    if (stored !== '') t.equal(now, stored, 'at the same revision the same is stored')
    stored = now
    if (halfMb === 0 && performance.now() > until - seconds * 500) [halfMb, files, running] = [residentMb(), openFiles(), threads()]
  }
  const total = [...statuses.values()].reduce((sum, count) => sum + count, 0)
  t.comment(`${total} answers: ${JSON.stringify(Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b)))}`)
  t.comment(`resident ${halfMb.toFixed(0)} MB at half time, ${residentMb().toFixed(0)} MB at the end`)
  t.ok(total > seconds * 5, `${total} answers are enough to mean something`)
  await settled(files, running)
  t.ok(residentMb() < halfMb + maxGrowthMb, 'memory does not grow in the second half')
  const { items } = (await node.request('GET', watched)).body as {
    items: readonly { metadata: { name: string; namespace: string; resourceVersion: string } }[]
  }
  const expected = items.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, metadata.resourceVersion] as const)
  t.strictSame(Object.fromEntries(watch.view), Object.fromEntries(expected), 'a watch from before has seen everything')
  t.notOk(watch.response.complete)
  watch.end()
  t.equal((await node.request('GET', '/healthz')).status, 200)
})

/** The connections of the fuzz are gone, and the threads that read large bodies. */
async function settled(files: number, running: number): Promise<void> {
  await until('the agent has no more files and threads open than at half time', () => openFiles() <= files && threads() <= running)
}

/** All but the last keep the connection open. */
function connectionOf(batch: readonly FuzzRequest[]): Buffer {
  const last = batch.length - 1
  return Buffer.concat(batch.map(({ octets }, index) => (index < last ? octets : closing(octets))))
}

function closing(octets: Buffer): Buffer {
  const end = octets.indexOf('\r\n')
  return Buffer.concat([octets.subarray(0, end), Buffer.from('\r\nConnection: close'), octets.subarray(end)])
}
