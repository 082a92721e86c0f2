import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { KernelState, ObjectStatus } from '../felix/kernel.ts'
import { TunnelGraph } from '../ipip/tunnel-graph.ts'
import type { Encapsulation } from '../ipip/tunnel-plan.ts'
import { PolicyGraph } from '../policy/graph.ts'
import { defaultActions } from '../policy/policy-actions.ts'
import { Agent } from './agent.ts'
import type { Datastore } from './datastore/datastore.ts'
import { openEmbedded } from './datastore/embedded.ts'
import { type Resource, refOf } from './model/resource.ts'
import { calico, stored } from './model/sample-resources.ts'
import type { IpAddress } from './net/address.ts'
import type { Cidr } from './net/prefix.ts'
import { ProgrammedRevision } from './programmed-revision.ts'

const podCidrs = ['10.244.1.0/24'] as Cidr[]

/** Stands for the kernel, whose slowness and refusals these tests choose: what it was asked for, one apply at a time. */
class RecordingKernel {
  readonly applied: KernelState[] = []
  /** What was done, in order: applies by their tunnels, and how many nodes routes may be tunnelled to. */
  readonly order: string[] = []
  unprogrammed: ReadonlyMap<string, ObjectStatus> = new Map()
  overlapped = false
  #open: Promise<void> = Promise.resolve()
  #busy = false
  #entered = Promise.withResolvers<void>()

  /** Resolves when the next apply has begun. */
  get entered(): Promise<void> {
    return this.#entered.promise
  }

  /** Holds back every apply until the function that is returned is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#open = promise
    this.#entered = Promise.withResolvers()
    return resolve
  }

  async apply(desired: KernelState): Promise<{ unprogrammed: ReadonlyMap<string, ObjectStatus> }> {
    this.overlapped ||= this.#busy
    this.#busy = true
    this.#entered.resolve()
    await this.#open
    this.applied.push(desired)
    this.order.push(`tunnels ${desired.tunnels.length}`)
    this.#busy = false
    return { unprogrammed: this.unprogrammed }
  }
}

async function setUp(t: Test) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-agent-'))
  const opened = await openEmbedded(directory)
  if (opened.type !== 'open') throw new Error(opened.problem)
  const store: Datastore = opened.datastore
  const kernel = new RecordingKernel()
  const programmed = new ProgrammedRevision()
  const originated: (readonly Cidr[])[] = []
  const policy = new PolicyGraph({ nodeName: 'node-a', interfacePrefix: 'tort', ipv6: false })
  const encapsulated: Encapsulation[] = []
  const agent = new Agent(
    { nodeName: 'node-a', interfacePrefix: 'tort', podCidrs },
    {
      store,
      policy,
      tunnels: newTunnels(),
      kernel,
      programmed,
      originate: (prefixes) => originated.push(prefixes),
      encapsulate: async (encapsulation) => {
        kernel.order.push(`routes to ${encapsulation.tunnelTo.size}`)
        encapsulated.push(encapsulation)
      },
      underlayMtu: () => 1500,
    },
  )
  t.teardown(async () => {
    await agent.stop()
    await store.close()
    await rm(directory, { recursive: true })
  })
  return { store, kernel, programmed, originated, encapsulated, agent }
}

t.test('a workload whose interface our chains do not look at gets no route, and that is said', async (t) => {
  const { store, kernel, agent } = await setUp(t)
  const foreign = endpoint('a', 'node-a', '10.244.1.1/32')
  await store.commit([
    { type: 'put', resource: { ...foreign, spec: { node: 'node-a', interfaceName: 'cali1', ipNetworks: ['10.244.1.1/32'] } } },
    { type: 'put', resource: endpoint('b', 'node-a', '10.244.1.2/32') },
  ])
  await agent.start()
  const destinations = kernel.applied.at(-1)?.routes.map(({ destination }) => destination)
  t.ok(destinations?.includes('10.244.1.2/32' as Cidr))
  t.notOk(destinations?.includes('10.244.1.1/32' as Cidr))
  const message = 'is not connected: its interface cali1 does not begin with "tort", as those of workloads on this node do'
  t.strictSame(agent.problems, [{ severity: 'error', subject: 'workloadendpoint/default/a', message }])
})

t.test('another policy compiler is told all that is stored, and what comes later', async (t) => {
  const { store, kernel, agent } = await setUp(t)
  await store.commit([{ type: 'put', resource: endpoint('a', 'node-a', '10.244.1.1/32') }])
  await agent.start()
  agent.setPolicy(
    new PolicyGraph({ nodeName: 'node-a', interfacePrefix: 'tort', ipv6: false, actions: { ...defaultActions, denied: 'reject' } }),
  )
  await store.commit([{ type: 'put', resource: endpoint('b', 'node-a', '10.244.1.2/32') }])
  await agent.requestApply()
  const chains = kernel.applied.at(-1)?.policy?.chains.filter[4]
  t.strictSame(
    ['tort-tw-torta', 'tort-tw-tortb'].map((name) => [name, chains?.get(name)?.rules.at(-1)?.action.type]),
    [
      ['tort-tw-torta', 'reject'],
      ['tort-tw-tortb', 'reject'],
    ],
  )
})

function newTunnels(): TunnelGraph {
  return new TunnelGraph({ nodeName: 'node-a', nodeAddress: '10.99.0.1' as IpAddress })
}

function endpoint(name: string, node: string, address: string): Resource {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { name, namespace: 'default' },
    spec: { node, interfaceName: `tort${name}`, ipNetworks: [address] },
  }
}

t.test('the first apply holds what was stored before', async (t) => {
  const { store, kernel, agent, originated } = await setUp(t)
  await store.commit([{ type: 'put', resource: endpoint('a', 'node-a', '10.244.1.7/32') }])
  await agent.start()
  t.strictSame(
    kernel.applied.map(({ routes }) => routes.map(({ destination }) => destination)),
    [['10.244.1.0/24', '10.244.1.7/32', '169.254.1.1/32']],
  )
  t.strictSame(originated, [['10.244.1.0/24']])
})

t.test("other nodes' endpoints are not programmed here", async (t) => {
  const { store, kernel, agent, programmed } = await setUp(t)
  await agent.start()
  await store.commit([{ type: 'put', resource: endpoint('b', 'node-b', '10.244.2.7/32') }])
  await programmed.wait(1, 60_000)
  t.equal(agent.localEndpoints, 0)
  t.strictSame(
    kernel.applied.at(-1)?.routes.map(({ destination }) => destination),
    ['10.244.1.0/24'],
  )
})

t.test(
  "what other nodes' endpoints change is policy alone: the lists of this node stay the same objects, and nothing is announced anew",
  async (t) => {
    const { store, kernel, agent, originated, programmed } = await setUp(t)
    await store.commit([{ type: 'put', resource: endpoint('a', 'node-a', '10.244.1.7/32') }])
    await agent.start()
    await store.commit([{ type: 'put', resource: endpoint('b', 'node-b', '10.9.9.9/32') }])
    await programmed.wait(2, 60_000)
    const [before, after] = [kernel.applied[0], kernel.applied.at(-1)]
    t.not(after, before)
    for (const part of ['links', 'sysctls', 'routes', 'policy'] as const) t.equal(after?.[part], before?.[part], part)
    await store.commit([{ type: 'put', resource: endpoint('b', 'node-a', '10.9.9.9/32') }])
    await programmed.wait(3, 60_000)
    t.not(kernel.applied.at(-1)?.routes, before?.routes)
    t.strictSame(originated, [['10.244.1.0/24'], ['10.244.1.0/24', '10.9.9.9/32']])
  },
)

t.test('what comes in a stream is written in few batches, and none of it is left out; who waits is not kept waiting', async (t) => {
  const { store, kernel, agent, programmed } = await setUp(t)
  await agent.start()
  const put = (i: number) => ({ type: 'put', resource: endpoint(`p${i}`, 'node-b', `10.244.2.${i}/32`) }) as const
  for (let i = 0; i < 100; i++) {
    await store.commit([put(2 * i), put(2 * i + 1)])
    await setImmediate()
  }
  const inStream = kernel.applied.length
  await programmed.wait(100, 60_000)
  t.ok(inStream < 50, `${inStream} applies for 100 revisions`)
  t.equal(programmed.revision, 100)
  for (let i = 0; i < 20; i++) {
    await store.commit([put(2 * i)])
    await store.commit([{ type: 'delete', ref: refOf(put(2 * i).resource) }])
    await programmed.wait(store.revision, 60_000)
    t.equal(programmed.revision, store.revision)
  }
})

t.test('an endpoint that moves to another node, or is deleted, leaves this one', async (t) => {
  const { store, kernel, agent, programmed } = await setUp(t)
  await store.commit([
    { type: 'put', resource: endpoint('a', 'node-a', '10.244.1.7/32') },
    { type: 'put', resource: endpoint('b', 'node-a', '10.244.1.8/32') },
  ])
  await agent.start()
  await store.commit([{ type: 'put', resource: endpoint('a', 'node-b', '10.244.1.7/32') }])
  const ref = { group: 'projectcalico.org', kind: 'WorkloadEndpoint', namespace: 'default', name: 'b' }
  await store.commit([{ type: 'delete', ref }])
  await programmed.wait(3, 60_000)
  t.strictSame(
    kernel.applied.at(-1)?.routes.map(({ destination }) => destination),
    ['10.244.1.0/24'],
  )
})

t.test('changes that come while an apply runs are taken together in the next one, which never overlaps it', async (t) => {
  const { store, kernel, agent, programmed } = await setUp(t)
  await agent.start()
  const release = kernel.hold()
  const put = (i: number) => store.commit([{ type: 'put', resource: endpoint(`p${i}`, 'node-a', `10.244.1.${i}/32`) }])
  await put(1)
  await kernel.entered
  for (let i = 2; i <= 5; i++) {
    await put(i)
    await setImmediate() // a turn in which a second loop would begin
  }
  release()
  await programmed.wait(5, 60_000)
  t.equal(kernel.overlapped, false)
  t.equal(kernel.applied.at(-1)?.routes.length, 7)
  t.equal(kernel.applied.length, 3, 'the first, the one held, and one for all the rest')
})

t.test('a revision the kernel refused is programmed once a later apply succeeds', async (t) => {
  const { store, kernel, agent, programmed } = await setUp(t)
  await agent.start()
  kernel.unprogrammed = new Map([['route 10.244.1.7/32', { state: 'failed', reason: 'ENOBUFS' }]])
  await store.commit([{ type: 'put', resource: endpoint('a', 'node-a', '10.244.1.7/32') }])
  await agent.requestApply()
  t.equal(programmed.revision, 0)
  kernel.unprogrammed = new Map()
  await agent.requestApply()
  t.equal(programmed.revision, 1)
})

t.test('without a kernel a revision counts once BGP has taken it', async (t) => {
  const { store } = await setUp(t)
  const programmed = new ProgrammedRevision()
  const originated: (readonly Cidr[])[] = []
  const policy = new PolicyGraph({ nodeName: 'node-a', interfacePrefix: 'tort', ipv6: false })
  const originate = (prefixes: readonly Cidr[]) => originated.push(prefixes)
  const parts = { store, policy, tunnels: newTunnels(), kernel: undefined, programmed, originate }
  const agent = new Agent(
    { nodeName: 'node-a', interfacePrefix: 'tort', podCidrs },
    { ...parts, encapsulate: async () => {}, underlayMtu: () => undefined },
  )
  await agent.start()
  await store.commit([{ type: 'put', resource: endpoint('a', 'node-a', '10.9.9.9/32') }])
  await programmed.wait(1, 60_000)
  t.strictSame(originated.at(-1), ['10.244.1.0/24', '10.9.9.9/32'])
  await agent.stop()
})

const pool = (ipipMode: string) => stored(calico('IPPool', { cidr: '10.244.0.0/16', ipipMode }, { name: 'pods' }))
const nodeB = stored(calico('Node', { bgp: { ipv4Address: '10.99.0.2/24' } }, { name: 'node-b' }))

t.test('ipipMode changed live: the tunnel is there before routes lead into it, and goes when they have left', async (t) => {
  const { store, kernel, programmed, encapsulated, agent } = await setUp(t)
  await agent.start()
  for (const resource of [nodeB, pool('Always'), pool('CrossSubnet'), pool('Never')]) {
    const committed = await store.commit([{ type: 'put', resource }])
    await programmed.wait(committed.type === 'committed' ? committed.revision : 0, 60_000)
  }
  const none = ['tunnels 0', 'routes to 0']
  t.strictSame(kernel.order, [...none, ...none, 'tunnels 1', 'routes to 1', 'tunnels 1', 'routes to 1', 'routes to 0', 'tunnels 0'])
  t.strictSame(
    encapsulated.map(({ modes }) => modes.of(0x0af4_0200, 24)),
    ['Never', 'Never', 'Always', 'CrossSubnet', 'Never'],
  )
})

t.test('the tunnel comes with its address, its guard, and is programmed with the pool', async (t) => {
  const { store, kernel, programmed, originated, agent } = await setUp(t)
  await agent.start()
  const [before] = kernel.applied
  const own = stored(calico('Node', { bgp: { ipv4IPIPTunnelAddr: '10.9.9.9' } }, { name: 'node-a' }))
  await store.commit([
    { type: 'put', resource: pool('Always') },
    { type: 'put', resource: own },
  ])
  await programmed.wait(1, 60_000)
  const after = kernel.applied.at(-1)
  if (before === undefined || after === undefined) return t.fail('nothing was applied')
  t.strictSame(after.tunnels, [{ type: 'ipip', name: 'tunl0', address: '10.9.9.9', mtu: 1480 }])
  t.strictSame(
    after.tunnelGuard.chains.map(({ name }) => name),
    ['tort-ipip-in', 'tort-ipip-out', 'tort-ipip-inner'],
  )
  t.strictSame([after.chains, after.hooks], [before.chains, before.hooks])
  t.strictSame(originated.at(-1), ['10.244.1.0/24', '10.9.9.9/32'])
})

t.test('the tunnel’s packets are not asked about at a HostEndpoint while there is a tunnel', async (t) => {
  const { store, kernel, programmed, agent } = await setUp(t)
  await agent.start()
  const uplink = stored(calico('HostEndpoint', { node: 'node-a', interfaceName: 'eth0' }))
  const seen: boolean[] = []
  for (const resource of [uplink, nodeB, pool('Always'), pool('Never')]) {
    const committed = await store.commit([{ type: 'put', resource }])
    await programmed.wait(committed.type === 'committed' ? committed.revision : 0, 60_000)
    const rules = kernel.applied.at(-1)?.policy?.chains.filter[4].get('tort-INPUT')?.rules ?? []
    seen.push(rules.some(({ comment }) => comment === 'The tunnel has its own rules'))
  }
  t.strictSame(seen, [false, false, true, false])
  await agent.stop()
})

t.test('a workload that has the address of the tunnel is told of, until one of them has another', async (t) => {
  const { store, agent } = await setUp(t)
  await agent.start()
  await store.commit([
    { type: 'put', resource: endpoint('a', 'node-a', '10.244.1.0/32') },
    { type: 'put', resource: endpoint('b', 'node-a', '10.244.1.1/32') },
  ])
  t.strictSame(agent.problems, [], 'no tunnel, no conflict')
  await store.commit([{ type: 'put', resource: pool('Always') }])
  const message =
    'is not reached at 10.244.1.0/32: tunl0 of this node has that address; give it another by spec.bgp.ipv4IPIPTunnelAddr of the Node resource'
  t.match(agent.problems, [{ severity: 'error', message }])
  t.equal(agent.problems.length, 1)
  const own = stored(calico('Node', { bgp: { ipv4IPIPTunnelAddr: '10.244.1.9' } }, { name: 'node-a' }))
  await store.commit([{ type: 'put', resource: own }])
  t.strictSame(agent.problems, [])
})

t.test('a tunnel the kernel refuses holds the revision of its pool back', async (t) => {
  const { store, kernel, programmed, agent } = await setUp(t)
  await agent.start()
  kernel.unprogrammed = new Map([['tunnel tunl0', { state: 'failed', reason: 'the kernel has no IP-in-IP' }]])
  await store.commit([{ type: 'put', resource: pool('Always') }])
  await agent.requestApply()
  t.equal(programmed.revision, 0)
  t.equal(programmed.unprogrammed[0]?.subject, 'tunnel tunl0')
})
