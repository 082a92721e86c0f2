/** For tests: the real API on a Unix socket in the test's directory, a real embedded store, and an agent that says what it is told. */

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { MonitorStatus, PeerStatus, RouteQuery } from '../../bgp/peer.ts'
import { previewLimits } from '../../policy/explain/flow-preview.ts'
import { PolicyGraph } from '../../policy/graph.ts'
import type { Datastore } from '../datastore/datastore.ts'
import { openEmbedded } from '../datastore/embedded.ts'
import { type HistoryLimits, historyLimits } from '../datastore/history.ts'
import type { FlowCounters } from '../flows/flow-log.ts'
import type { IpAddress } from '../net/address.ts'
import { ProgrammedRevision } from '../programmed-revision.ts'
import type { RuleTotals } from '../rule-totals.ts'
import type { AgentCounters, AgentFace, AgentStatus, FelixQuery, PolicyFace } from './agent-face.ts'
import { startApi } from './server.ts'

export type Reply = {
  readonly status: number
  readonly type: string | undefined
  readonly allow: string | undefined
  readonly body: unknown
}

export type Fixture = {
  readonly store: Datastore
  readonly socket: string
  readonly programmed: ProgrammedRevision
  /** What the agent was asked. */
  readonly asked: { readonly routes: RouteQuery[]; readonly felix: FelixQuery[] }
  readonly agent: AgentFace
  readonly bugs: unknown[]
  close(): Promise<void>
  /** The same store, opened again behind another API. */
  restart(): Promise<Fixture>
  get(path: string): Promise<Reply>
  send(method: string, path: string, body: string | Buffer, type?: string): Promise<Reply>
}

export const peer: PeerStatus = {
  name: 'tor1',
  address: '10.99.0.2' as PeerStatus['address'],
  asNumber: 65002,
  state: 'Established',
  since: '2026-01-02T12:00:00.000Z',
  families: { 'ipv4-unicast': { received: 3, accepted: 2, advertised: 1, stale: 0 } },
  timers: { holdTimeSec: 90, keepaliveSec: 30, connectRetrySec: 120 },
  messages: { sent: 5, received: 6, updatesSent: 1, updatesReceived: 2 },
  flaps: 1,
}

export const monitors: MonitorStatus = {
  collectors: [
    {
      name: 'noc',
      address: '192.0.2.9' as PeerStatus['address'],
      port: 11_019,
      connected: true,
      messages: 30,
      octets: 4_000,
      unread: 5,
      connects: 2,
    },
  ],
  mrt: { files: 7, failures: 1 },
  tables: { 'ipv4-unicast': { prefixes: 4, paths: 6, best: 3 } },
}

export const counters: AgentCounters = {
  applies: { count: 9, seconds: 0.5 },
  changes: { policy: 4, routes: 3 },
  repairs: { policy: 1, routes: 0 },
  lock: { waits: 2, seconds: 0.75 },
  tools: [{ command: 'ipset', runs: 3, failed: 1, seconds: 0.25 }],
  toolsBusySeconds: 0.2,
}

export const ruleTotals: RuleTotals = {
  rules: [
    { kind: 'NetworkPolicy', namespace: 'shop', name: 'web', direction: 'ingress', rule: 2, action: 'Deny', packets: 5, octets: 300 },
  ],
  leftOut: 1,
}

export const flowCounters: FlowCounters = {
  flows: 4,
  seen: { allowed: 6, denied: 3 },
  differing: 1,
  evicted: 2,
  unjudged: 0,
  copies: { read: 9, lost: 7, unread: 0 },
}

export const status: AgentStatus = {
  node: 'node-a',
  version: '0.1.0',
  uptimeSec: 12,
  inSync: true,
  revision: 0,
  programmedRevision: 0,
  problems: [{ severity: 'warning', subject: 'endpoint default/web', message: 'tortweb is not there yet' }],
  bgp: { asNumber: 64512, routerId: '10.99.0.1', peers: 1, established: 1 },
  routes: { wanted: 4, programmed: 3 },
  policy: { chains: 7, ipSets: 2 },
}

/**
 * @param face what this test's agent does otherwise
 * @param limits of what the store remembers
 */
export async function startFixture(t: Test, face: Partial<AgentFace> = {}, limits = historyLimits): Promise<Fixture> {
  const directory = mkdtempSync(join(tmpdir(), 'tortie-api-')) // a test's own directory has a name too long for a socket
  t.teardown(() => rmSync(directory, { recursive: true }))
  return await openFixture(t, directory, face, limits)
}

async function openFixture(t: Test, directory: string, face: Partial<AgentFace>, limits: HistoryLimits): Promise<Fixture> {
  const opened = await openEmbedded(join(directory, 'store'), Date.now, limits)
  if (opened.type === 'problem') throw new Error(opened.problem)
  const store = opened.datastore
  const socket = join(directory, 'api.sock')
  const programmed = new ProgrammedRevision()
  const asked: Fixture['asked'] = { routes: [], felix: [] }
  const bugs: unknown[] = []
  const agent: AgentFace = { ...fakeAgent(store, programmed, asked), ...face }
  const started = await startApi({ socket }, { store, agent, onBug: (error) => bugs.push(error) })
  if (started.type === 'problem') throw new Error(started.problem)
  let closed: Promise<void> | undefined
  const close = () => (closed ??= started.api.close().then(() => store.close()))
  t.teardown(close)
  const restart = async () => {
    await close()
    return await openFixture(t, directory, face, limits)
  }
  const send: Fixture['send'] = (method, path, body, type = 'application/yaml') => exchange(socket, method, path, body, type)
  return { store, socket, programmed, asked, agent, bugs, close, restart, get: (path) => exchange(socket, 'GET', path), send }
}

function fakeAgent(store: Datastore, programmed: ProgrammedRevision, asked: Fixture['asked']): AgentFace {
  const felixPage = (query: FelixQuery) => {
    asked.felix.push(query)
    const item = { name: 'route 10.0.0.1/32', wanted: { device: 'tortweb' }, status: { state: 'pending', reason: 'no tortweb' } } as const
    return query.cursor === 'wrong' ? undefined : { items: [item], total: 1 }
  }
  return {
    status: () => ({ ...status, revision: store.revision, programmedRevision: programmed.revision }),
    ready: () => ({ ready: true, reasons: [] }),
    peers: () => [peer],
    peer: (name) => (name === peer.name ? peer : undefined),
    resetPeer: (name) => name === peer.name,
    refreshPeer: (name) => name === peer.name,
    routes: (query) => {
      asked.routes.push(query)
      return query.cursor === 'wrong' ? undefined : { routes: [], total: 0 }
    },
    bgpDump: () => [Buffer.from('MRT')],
    explainRoute: (prefix) => ({ prefix, family: 'ipv4-unicast', paths: [], peers: [] }),
    monitors: () => ({ collectors: [] }),
    watchRoutes: async function* () {},
    watchPeers: async function* () {},
    felixRoutes: felixPage,
    felixChains: async (query) => felixPage(query),
    ruleTotals: async () => ({ rules: [], leftOut: 0 }),
    felixIpSets: felixPage,
    felixTunnels: felixPage,
    waitProgrammed: (revision, timeoutMs, signal) => programmed.wait(revision, timeoutMs, signal),
    drain: undefined,
    flowLog: undefined,
    events: () => [],
    config: () => ({}),
    counters: () => counters,
    checkContext: () => ({ nodeName: 'node-a', interfacePrefix: 'tort' }),
    policy: policyOf(store),
  }
}

/** What a graph says of all that is stored, made anew for each question, on a node with the address 10.99.0.1. */
export function policyOf(store: Datastore): PolicyFace {
  const graph = () => {
    const made = new PolicyGraph({ nodeName: 'node-a', interfacePrefix: 'tort', ipv6: true })
    for (const { resource } of store.all()) made.put(resource)
    return made
  }
  const nodeAddresses = ['10.99.0.1' as IpAddress]
  return {
    preview: (changes) => graph().preview(changes, { nodeAddresses, recent: [], limits: previewLimits }),
    explain: (flow, ends) => graph().explain(flow, { ...ends, nodeAddresses }),
    holdersOf: (address) => graph().holdersOf(address),
  }
}

/** One request on a connection of its own. @param type '': no Content-Type */
async function exchange(socketPath: string, method: string, path: string, body?: string | Buffer, type?: string): Promise<Reply> {
  const headers = { ...(type && { 'content-type': type }), ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) }
  const outgoing = request({ socketPath, method, path, headers, agent: false }).end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const text = (await response.setEncoding('utf8').toArray()).join('')
  const contentType = response.headers['content-type']
  const parsed = contentType?.includes('json') && text !== '' ? JSON.parse(text) : text
  return { status: response.statusCode ?? 0, type: contentType, allow: response.headers.allow, body: parsed }
}
