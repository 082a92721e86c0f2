import t from 'tap'
import type { PeerStatus } from '../bgp/peer.ts'
import type { DrainFace, DrainStatus } from './http/agent-face.ts'
import type { IpAddress } from './net/address.ts'
import { type KernelView, NodeView, type NodeViewDependencies, type SpeakerView } from './node-view.ts'
import { ProgrammedRevision } from './programmed-revision.ts'

const options = { node: 'node-a', version: '0.1.0', interfacePrefix: 'tort' }
const noIptables = { severity: 'error', subject: 'policy', message: 'policy cannot be programmed: iptables is not installed' } as const

const counted = {
  applies: { count: 2, seconds: 0.1 },
  tools: [{ command: 'ipset', runs: 1, failed: 0, seconds: 0.01 }],
  toolsBusySeconds: 0.01,
}

t.test('a node whose kernel has caught up is in sync', async (t) => {
  const programmed = new ProgrammedRevision()
  programmed.applied(7, new Map())
  const { uptimeSec: _, ...status } = view({ programmed, storeRevision: () => 7, localEndpoints: () => 2 }).status()
  t.strictSame(status, {
    node: 'node-a',
    version: '0.1.0',
    inSync: true,
    revision: 7,
    programmedRevision: 7,
    problems: [],
    bgp: { asNumber: 64512, routerId: '10.99.0.1', peers: 2, established: 1 },
    routes: { programmed: 3, failed: 0 },
    policy: { chains: 14, ipSets: 1, endpoints: 2 },
    repairs: { total: 0, last: [] },
    iptables: { backend: 'legacy', reason: 'rules of others: 0 in nft, 9 in legacy' },
  })
})

t.test('a revision that is not programmed yet, or an object the kernel refuses, is out of sync', async (t) => {
  const programmed = new ProgrammedRevision()
  programmed.applied(7, new Map())
  t.equal(view({ programmed, storeRevision: () => 8 }).status().inSync, false)
  programmed.applied(7, new Map([['route 10.0.0.1/32', { state: 'failed', reason: 'EPERM' }]]))
  t.equal(view({ programmed, storeRevision: () => 7 }).status().inSync, false)
})

const readiness: [title: string, parts: Partial<NodeViewDependencies>, reasons: string[]][] = [
  ['INTERFACE §4: ready once applied and listening, whatever the peers do', {}, []],
  ['not before the first apply', { applied: () => false }, ['the first apply is not done yet']],
  ['not while the BGP listener is closed', { speaker: speaker(false) }, ['the BGP listener is not open: see problems in /v1/status']],
  ['not while policy cannot be programmed', { kernel: kernel([noIptables]) }, [noIptables.message]],
  ['other trouble is told in status only', { kernel: kernel([{ ...noIptables, subject: 'route 10.0.0.1/32' }]) }, []],
  ['without BGP and felix there is nothing to wait for', { speaker: undefined, kernel: undefined }, []],
]
for (const [title, parts, reasons] of readiness)
  t.test(title, async (t) => t.strictSame(view(parts).ready(), { ready: reasons.length === 0, reasons }))

t.test('problems of the node, the kernel and BGP stand together', async (t) => {
  const note = { severity: 'warning', subject: 'node/ipv4', message: 'detected' } as const
  const problems = view({ problems: () => [note], kernel: kernel([noIptables]), speaker: speaker(false) }).status().problems
  t.strictSame(problems, [note, noIptables, { severity: 'error', subject: 'bgp/listener', message: 'port 179 is taken' }])
})

t.test('what is disabled shows nothing', async (t) => {
  const node = view({ speaker: undefined, kernel: undefined })
  const empty = { items: [], total: 0 }
  t.strictSame([node.peers(), node.peer('tor1'), node.routes({ table: 'best', limit: 1 })], [[], undefined, { routes: [], total: 0 }])
  t.strictSame(
    [node.felixRoutes({ limit: 1 }), await node.felixChains({ limit: 1 }), node.felixIpSets({ limit: 1 })],
    [empty, empty, empty],
  )
  t.strictSame(node.felixTunnels({ limit: 1 }), empty)
})

t.test('what was counted is of the agent and of felix, where it is enabled', async (t) => {
  t.strictSame(view({}).counters(), { ...counted, changes: { routes: 3 }, repairs: { routes: 1 }, lock: { waits: 1, seconds: 0.5 } })
  t.strictSame(view({ kernel: undefined }).counters(), { ...counted, changes: {}, repairs: {}, lock: { waits: 0, seconds: 0 } })
})

t.test('a peer is reset and asked by the speaker; without BGP there is none to ask', async (t) => {
  const asked = (node: NodeView) => [node.resetPeer('tor1'), node.resetPeer('nobody'), node.refreshPeer('tor1'), node.refreshPeer('tor2')]
  t.strictSame(asked(view({})), [true, false, true, false])
  t.strictSame(asked(view({ speaker: undefined })), [false, false, false, false])
})

function view(changes: Partial<NodeViewDependencies>): NodeView {
  return new NodeView(options, parts(changes))
}

function parts(changes: Partial<NodeViewDependencies>): NodeViewDependencies {
  const programmed = new ProgrammedRevision()
  return {
    identity: () => ({ asNumber: 64512, routerId: '10.99.0.1' }),
    speaker: speaker(true),
    kernel: kernel([]),
    onPeersChange: () => () => {},
    drain: undefined,
    flowLog: undefined,
    events: () => [],
    config: () => ({ bgp: { peers: [{ name: 'tor1', password: 's3cret' }] } }),
    programmed,
    storeRevision: () => 0,
    applied: () => true,
    localEndpoints: () => 0,
    counters: () => counted,
    problems: () => [],
    policy: { explain: unasked, holdersOf: unasked, preview: unasked },
    ...changes,
  }
}

function speaker(listening: boolean): SpeakerView {
  return {
    listening,
    peers: () => [peer('tor1', 'Established'), peer('tor2', 'Active')],
    reset: (name) => name === 'tor1',
    requestRefresh: (name) => name === 'tor1',
    routes: () => ({ routes: [], total: 0 }),
    dump: () => [],
    explain: (prefix) => ({ prefix, family: 'ipv4-unicast', paths: [], peers: [] }),
    monitors: { collectors: [] },
    watchRoutes: async function* () {},
    problems: () => (listening ? [] : [{ subject: 'bgp/listener', message: 'port 179 is taken' }]),
  }
}

function kernel(problems: ReturnType<KernelView['problems']>): KernelView {
  const page = () => ({ items: [], total: 0 })
  const routeCounts = () => ({ programmed: 3, failed: 0 })
  return {
    problems: () => problems,
    routeCounts,
    policyCounts: () => ({ chains: 14, ipSets: 1 }),
    repairs: () => ({ total: 0, last: [] }),
    iptables: () => ({ backend: 'legacy', reason: 'rules of others: 0 in nft, 9 in legacy' }),
    routes: page,
    chains: async () => page(),
    ruleTotals: async () => ({ rules: [], leftOut: 0 }),
    ipSets: page,
    tunnels: page,
    counters: () => ({ changes: { routes: 3 }, repairs: { routes: 1 }, lock: { waits: 1, seconds: 0.5 } }),
  }
}

function peer(name: string, state: PeerStatus['state']): PeerStatus {
  return {
    name,
    address: '10.99.0.2' as IpAddress,
    asNumber: 65002,
    state,
    since: '2026-11-21T00:00:00.000Z',
    families: {},
    timers: { holdTimeSec: 90, keepaliveSec: 30, connectRetrySec: 0 },
    messages: { sent: 0, received: 0, updatesSent: 0, updatesReceived: 0 },
    flaps: 0,
  }
}

t.test('a drain is in the status, and among the problems how to end it', async (t) => {
  const drain = (status: DrainStatus): DrainFace => ({ status, start: async () => status, undo: () => status })
  const since = '2026-01-02T12:00:00.000Z'
  const drained = view({ drain: drain({ state: 'withdrawn', since }) }).status()
  t.strictSame(
    [drained.drain, drained.problems.at(-1)],
    [
      { state: 'withdrawn', since },
      {
        severity: 'warning',
        subject: 'bgp/drain',
        message: `the prefixes of this node are withdrawn since ${since}: "tortie drain --undo" brings them back`,
      },
    ],
  )
  t.match(
    view({ drain: drain({ state: 'announced', since }) })
      .status()
      .problems.at(-1),
    { message: /are announced as going away since/ },
  )
  const before = view({ drain: drain({ state: 'none' }) }).status()
  t.strictSame([before.drain, before.problems], [undefined, view({}).status().problems])
})

t.test('the configuration is shown without its secrets', async (t) => {
  t.strictSame(view({}).config(), { bgp: { peers: [{ name: 'tor1', password: '(hidden)' }] } })
})

t.test('a page of routes goes on behind a prefix; another cursor is none that a page returned', async (t) => {
  const asked: (string | undefined)[] = []
  const routes = ({ cursor }: { readonly cursor?: string }) => {
    asked.push(cursor)
    return { routes: [], total: 0 }
  }
  const node = view({ speaker: { ...speaker(true), routes } })
  for (const cursor of ['x', '', '10.0.0.0/33', '[]']) t.equal(node.routes({ table: 'best', limit: 1, cursor }), undefined, cursor)
  t.strictSame(node.routes({ table: 'best', limit: 1, cursor: '10.0.0.0/24' }), { routes: [], total: 0 })
  t.strictSame(node.routes({ table: 'best', limit: 1 }), { routes: [], total: 0 })
  t.strictSame(asked, ['10.0.0.0/24', undefined])
})

function unasked(): never {
  throw new Error('nobody asks for it')
}
