/** What one change costs does not grow with what it does not concern: how many entries of maps and sets are visited on its way to the kernel, counted. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import t from 'tap'
import { PolicyTables } from '../felix/iptables/policy-tables.ts'
import { PolicyGraph } from '../policy/graph.ts'
import { endpoint, globalPolicy } from '../policy/test-resources.ts'
import type { Resource } from './model/resource.ts'
import type { Run } from './os/process.ts'

const locals = 5

/** Rules that select others by label, on one of the local endpoints. */
function policy(n: number, port: number): Resource {
  return globalPolicy(`policy-${n}`, {
    order: n,
    selector: `app == 'app${n % locals}'`,
    ingress: [
      { action: 'Allow', protocol: 'TCP', source: { selector: `app == 'app${(n + 1) % locals}'` }, destination: { ports: [port] } },
    ],
  })
}

function remote(n: number, app: string): Resource {
  return endpoint(`remote-${n}`, { node: 'n2', ipNetworks: [`10.1.${n >> 8}.${n & 0xff}/32`] }, { app })
}

/** A node with so many policies and endpoints elsewhere, all of it written; what programs were given since is in `inputs`. */
class LoadedNode {
  readonly inputs: string[] = []
  readonly #graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  readonly #tables: PolicyTables

  private constructor() {
    const run: Run = async (command, _args, { input }) => {
      if (input !== undefined) this.inputs.push(`${command}: ${input.split('\n').slice(1).join(' ').trim()}`)
      return { exitCode: 0, stdout: '', stderr: '' }
    }
    this.#tables = new PolicyTables('nft', { run, nowMs: () => 0, log: pino({ level: 'silent' }) })
  }

  static async with(policies: number, endpoints: number): Promise<LoadedNode> {
    const node = new LoadedNode()
    for (let n = 0; n < locals; n++)
      node.#graph.put(endpoint(`local-${n}`, { interfaceName: `tort${n}`, ipNetworks: [`10.0.0.${n}/32`] }, { app: `app${n}` }))
    for (let n = 0; n < policies; n++) node.#graph.put(policy(n, 1_000))
    for (let n = 0; n < endpoints; n++) node.#graph.put(remote(n, 'app0'))
    await node.#apply()
    await node.#apply()
    node.inputs.length = 0
    return node
  }

  async change(resource: Resource): Promise<void> {
    this.#graph.put(resource)
    await this.#apply()
  }

  async #apply(): Promise<void> {
    await this.#tables.apply({ policy: this.#graph.program(), ipSets: [], chains: [], hooks: [] }, true)
    await this.#tables.removeUnused()
  }
}

type MapIteratorPrototype = { next: (this: object) => IteratorResult<unknown> }

/** How many entries of maps and sets `work` goes through, and one more for each that it goes through to the end. */
async function visits(work: () => Promise<void>): Promise<number> {
  let count = 0
  const iterators = [new Map().entries(), new Set().values()].map((one) => Object.getPrototypeOf(one) as MapIteratorPrototype)
  const originals = iterators.map((iterator) => {
    const { next } = iterator
    iterator.next = function (this: object) {
      count += 1
      return next.call(this)
    }
    return () => Object.assign(iterator, { next })
  })
  try {
    await work()
  } finally {
    for (const restore of originals) restore()
  }
  return count
}

t.test('every way through a map or a set is counted', async (t) => {
  const [map, set] = [new Map([['a', 1]]), new Set([1, 2])]
  const ways: [expected: number, way: () => unknown][] = [
    [2, () => [...map]],
    [2, () => Array.from(map.values())],
    [2, () => new Map(map)],
    [3, () => new Set(set)],
    [3, () => Math.max(...set)],
    [
      1,
      () => {
        for (const one of set) return one
      },
    ],
  ]
  for (const [expected, way] of ways) t.equal(await visits(async () => void way()), expected, String(way))
})

const changes: [title: string, first: Resource, second: Resource][] = [
  ['a port of one policy', policy(7, 2_000), policy(7, 3_000)],
  ['the label of one endpoint of another node', remote(3, 'app1'), remote(3, 'app2')],
  ['one endpoint of another node more', remote(40_000, 'app1'), remote(40_001, 'app1')],
]
for (const [title, first, second] of changes) {
  t.test(`${title}: as much is visited among 1,000 as among 100`, async (t) => {
    const counts: number[] = []
    for (const size of [100, 1_000]) {
      const node = await LoadedNode.with(size, size)
      await node.change(first)
      counts.push(await visits(() => node.change(second)))
    }
    const [few = 0, many = 0] = counts
    t.ok(few > 0)
    t.equal(many, few)
  })
}

t.test('a port of one policy: its chain is written, once for each family, and nothing else', async (t) => {
  const node = await LoadedNode.with(100, 100)
  await node.change(policy(7, 2_000))
  const chains = node.inputs.map((input) => [input.split(':')[0], [...input.matchAll(/:(tort-\S+) - -/g)].map(([, chain]) => chain)])
  t.strictSame(chains, [
    ['iptables-nft-restore', ['tort-pi-gnp/policy-7']],
    ['ip6tables-nft-restore', ['tort-pi-gnp/policy-7']],
  ])
})

t.test('what changes nothing in the kernel starts no program', async (t) => {
  const node = await LoadedNode.with(100, 100)
  await node.change({ ...policy(7, 1_000), metadata: { name: 'policy-7', annotations: { note: 'new' } } })
  t.strictSame(node.inputs, [])
})

t.test('changes leave next to nothing behind: what outlives them all has to be looked through by the garbage collector', async (t) => {
  const node = await LoadedNode.with(100, 1_000)
  const changeOften = async (times: number) => {
    for (let n = 0; n < times; n++) await node.change(remote(3, `app${n % locals}`))
    node.inputs.length = 0
  }
  const growths: number[] = []
  for (let round = 0; round < 7; round++) {
    const before = usedAfterCollection()
    await changeOften(3_000)
    growths.push((usedAfterCollection() - before) / 3_000)
  }
  // what remembers the last changes fills first, and is shortened from time to time
  const [, , , median = Number.NaN] = growths.toSorted((a, b) => a - b)
  t.ok(median < 150, `octets for each change: ${growths.join(', ')}`)
})

function usedAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
