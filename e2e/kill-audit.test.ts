/**
 * `kill -9` at random moments during changes: what was answered is on the disk, what was not is there whole or not at all, and the
 * kernel is exactly what is stored soon after the next start. TORTIE_KILLS and TORTIE_SEED choose another number and course.
 */
import path from 'node:path'
import t from 'tap'
import { type Audited, document, randomResource, seeded, storedDocuments } from './lab/audited-resources.ts'
import { auditKernel, type Endpoint, type Stored } from './lab/kernel-audit.ts'
import { SingleNode } from './lab/single-node.ts'
import { soonSec, until } from './lab/until.ts'

const kills = Number(process.env.TORTIE_KILLS ?? 12)
const seed = Number(process.env.TORTIE_SEED ?? Date.now() % 1_000_000)
const random = seeded(seed)

/** A change set of one request, or the names that one deletes. */
type Request = { readonly verb: 'apply' | 'delete'; readonly resources: readonly Audited[] }
type World = ReadonlyMap<string, Audited>

const endpoints: readonly Omit<Endpoint, 'role'>[] = [2, 3, 4, 5].map((host) => ({
  name: `p${host}`,
  address: `10.244.1.${host}`,
  device: `tortp${host}`,
}))
const outside = { device: 'eth0', addresses: ['10.99.0.9', '192.0.2.7', '198.51.100.1'] }

const keyOf = ({ kind, value }: Audited) => `${kind}/${value.name}`

function after(world: World, { verb, resources }: Request): World {
  const next = new Map(world)
  for (const resource of resources) {
    if (verb === 'apply') next.set(keyOf(resource), resource)
    else next.delete(keyOf(resource))
  }
  return next
}

function randomRequest(): Request {
  const resources = Array.from({ length: 1 + random(3) }, () => randomResource(random, endpoints, outside.addresses))
  const distinct = [...new Map(resources.map((resource) => [keyOf(resource), resource])).values()]
  return { verb: random(3) > 0 ? 'apply' : 'delete', resources: distinct }
}

function asStored(world: World): Stored {
  const all = [...world.values()]
  return {
    podCidr: '10.244.1.0/24',
    endpoints: all.flatMap((each) => (each.kind === 'WorkloadEndpoint' ? [each.value] : [])),
    policies: all.flatMap((each) => (each.kind === 'GlobalNetworkPolicy' ? [each.value] : [])),
    networkSets: all.flatMap((each) => (each.kind === 'GlobalNetworkSet' ? [each.value] : [])),
  }
}

/** Sends changes one after another until the agent dies. @returns what was answered, and what was under way */
async function changeUntilDeath(lab: SingleNode, before: World): Promise<{ readonly answered: World; readonly underWay: Request }> {
  let answered = before
  for (;;) {
    const request = randomRequest()
    const body = JSON.stringify(request.resources.map(document))
    try {
      const { status, body: answer } = await lab.node.request('POST', `/v1/${request.verb}`, body)
      if (status !== 200) throw new RangeError(`refused: ${JSON.stringify(answer)}`)
    } catch (error) {
      if (error instanceof RangeError) throw error
      return { answered, underWay: request }
    }
    answered = after(answered, request)
  }
}

t.test(`${kills} kills, seed ${seed}`, async (t) => {
  const lab = await SingleNode.create()
  t.teardown(() => lab.remove())
  for (const { name, address } of endpoints) await lab.makePod({ name, host: Number(address.split('.')[3]) })
  await lab.node.start()
  let world: World = new Map()
  let slowestMs = 0
  for (let kill = 1; kill <= kills; kill += 1) {
    const changing = changeUntilDeath(lab, world)
    // Not a wait for anything: the moment of the kill is what is random.
    await new Promise((resolve) => setTimeout(resolve, random(250)))
    await lab.node.end('SIGKILL')
    const { answered, underWay } = await changing
    const onDisk = await storedDocuments(path.join(path.dirname(lab.node.socketPath), 'store'))
    const [without, whole] = [answered, after(answered, underWay)]
    const isThere = [...whole].every(([key, resource]) => matches(onDisk.get(key), document(resource))) && onDisk.size === whole.size
    world = isThere ? whole : without
    const lost = [...world].filter(([key, resource]) => !matches(onDisk.get(key), document(resource))).map(([key]) => key)
    const surplus = [...onDisk.keys()].filter((key) => !world.has(key))
    t.strictSame(
      { lost, surplus },
      { lost: [], surplus: [] },
      `kill ${kill}: the disk has what was answered, and the last request whole or not`,
    )
    const began = performance.now()
    await lab.node.start()
    let differences: readonly string[] = []
    await until(
      'the kernel is what is stored',
      async () => {
        differences = await auditKernel(lab.namespace, asStored(world), outside)
        return differences.length === 0
      },
      soonSec,
    ).catch(() => undefined)
    slowestMs = Math.max(slowestMs, performance.now() - began)
    t.strictSame(differences, [], `kill ${kill}: the kernel is exactly what is stored`)
  }
  t.comment(`the slowest start was exact after ${Math.round(slowestMs)} ms, the audit's own time in it`)
})

/** Whether all that was posted is in what is stored: the store adds defaults and metadata. */
function matches(stored: unknown, posted: unknown): boolean {
  if (Array.isArray(posted))
    return Array.isArray(stored) && stored.length === posted.length && posted.every((each, index) => matches(stored[index], each))
  if (typeof posted !== 'object' || posted === null) return stored === posted
  if (typeof stored !== 'object' || stored === null) return false
  const fields = new Map(Object.entries(stored))
  return Object.entries(posted).every(([key, value]) => matches(fields.get(key), value))
}
