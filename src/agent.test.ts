import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { KernelState, ObjectStatus } from '../felix/kernel.ts'
import { PolicyGraph } from '../policy/graph.ts'
import { Agent } from './agent.ts'
import type { Datastore } from './datastore/datastore.ts'
import { openEmbedded } from './datastore/embedded.ts'
import type { Resource } from './model/resource.ts'
import type { Cidr } from './net/prefix.ts'
import { ProgrammedRevision } from './programmed-revision.ts'

const podCidrs = ['10.244.1.0/24'] as Cidr[]

/** Stands for the kernel, whose slowness and refusals these tests choose: what it was asked for, one apply at a time. */
class RecordingKernel {
  readonly applied: KernelState[] = []
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
  const agent = new Agent(
    { nodeName: 'node-a', podCidrs },
    { store, policy, kernel, programmed, originate: (prefixes) => originated.push(prefixes) },
  )
  t.teardown(async () => {
    await agent.stop()
    await store.close()
    await rm(directory, { recursive: true })
  })
  return { store, kernel, programmed, originated, agent }
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
  const agent = new Agent({ nodeName: 'node-a', podCidrs }, { store, policy, kernel: undefined, programmed, originate })
  await agent.start()
  await store.commit([{ type: 'put', resource: endpoint('a', 'node-a', '10.9.9.9/32') }])
  await programmed.wait(1, 60_000)
  t.strictSame(originated.at(-1), ['10.244.1.0/24', '10.9.9.9/32'])
  await agent.stop()
})
