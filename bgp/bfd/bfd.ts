/** BFD sessions beside BGP peers (RFC 5882): their thread is told which, and what it sees is kept for people and handed to the speaker. */
import { isDeepStrictEqual } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { BfdTerms } from '../peer-config.ts'
import type { Log } from '../session/log.ts'
import type { SessionTerms } from './bfd-session.ts'
import { type BfdRecord, type BfdStatus, statusOf } from './bfd-status.ts'
import { diagnostic, diagnosticName } from './diagnostic.ts'
import type { Order, Report, SessionCounts, SessionPlace } from './message.ts'

/** A peer to watch. @property peer its name */
export type BfdPeer = { readonly peer: string; readonly place: SessionPlace; readonly terms: BfdTerms }

export type BfdDependencies = {
  readonly log: Log
  /** The path to a peer is broken: its session was Up and is not, by nobody's will (RFC 5882 §3.2). */
  readonly onDown: (peer: string) => void
  readonly onChange: () => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Default: worker.ts, which runs an engine. */
  readonly thread?: () => Worker
}

type Watched = BfdPeer & { readonly id: number; readonly record: BfdRecord }

const none: SessionCounts = { ups: 0, downs: 0, downDiagnostic: diagnostic.none }
/** After a bug of ours ended the thread. */
const RESTART_MS = 1000
/** What the thread has to say AdminDown to all; a moment is enough. */
const STOP_MS = 1000

export class Bfd {
  readonly #deps: BfdDependencies
  readonly #byPeer = new Map<string, Watched>()
  readonly #peerOf = new Map<number, string>()
  #worker: Worker | undefined
  #restart: NodeJS.Timeout | undefined
  #lastId = 0
  #stopped = false

  constructor(dependencies: BfdDependencies) {
    this.#deps = dependencies
  }

  /** The whole set. Sessions with other terms stay up (RFC 5880 §6.8.3); those in another place begin anew, those left out are AdminDown. */
  setPeers(peers: readonly BfdPeer[]): void {
    const wanted = new Map(peers.map((peer) => [peer.peer, peer]))
    for (const [name, { place }] of this.#byPeer) if (!isDeepStrictEqual(wanted.get(name)?.place, place)) this.#remove(name)
    for (const peer of peers) this.#put(peer)
  }

  /** Undefined: the peer is not watched, or its session has not begun. */
  status(peer: string): BfdStatus | undefined {
    const watched = this.#byPeer.get(peer)
    return watched && statusOf(watched.place, watched.record)
  }

  /** What keeps sessions from working, by peer. */
  get problems(): readonly { readonly peer: string; readonly problem: string }[] {
    return [...this.#byPeer.values()].flatMap(({ peer, record: { problem } }) => (problem === undefined ? [] : [{ peer, problem }]))
  }

  /** Peers are told AdminDown, so that they keep their BGP sessions (RFC 5882 §3.2), and the thread ends. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#restart)
    const worker = this.#worker
    if (worker === undefined) return
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage({ type: 'end' } satisfies Order)
    const overdue = setTimeout(() => void worker.terminate(), STOP_MS)
    await exited
    clearTimeout(overdue)
  }

  #put(peer: BfdPeer): void {
    const known = this.#byPeer.get(peer.peer)
    if (known === undefined) {
      this.#start(peer)
    } else if (!isDeepStrictEqual(known.terms, peer.terms)) {
      this.#byPeer.set(peer.peer, { ...known, ...peer })
      this.#order({ type: 'configure', id: known.id, terms: sessionTerms(peer.terms) })
    }
  }

  #start(peer: BfdPeer): void {
    const id = ++this.#lastId
    this.#byPeer.set(peer.peer, { ...peer, id, record: { sinceMs: this.#deps.now(), counts: none } })
    this.#peerOf.set(id, peer.peer)
    this.#order({ type: 'start', id, place: peer.place, terms: sessionTerms(peer.terms) })
  }

  #remove(peer: string): void {
    const known = this.#byPeer.get(peer)
    if (known === undefined) return
    this.#byPeer.delete(peer)
    this.#peerOf.delete(known.id)
    this.#order({ type: 'remove', id: known.id })
  }

  #order(order: Order): void {
    if (this.#stopped || this.#restart !== undefined) return
    this.#worker ??= this.#newWorker()
    this.#worker.postMessage(order)
  }

  #newWorker(): Worker {
    const worker = (this.#deps.thread ?? engineThread)()
    worker.on('message', (report: Report) => this.#take(report))
    worker.on('error', (error) => this.#failed(error))
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    return worker
  }

  /** BGP sessions stay: that this thread ended says nothing of any path. */
  #failed(error: unknown): void {
    this.#deps.log.error({ err: error }, 'bug: the thread of BFD ended because it threw, its sessions begin anew')
    this.#worker = undefined
    this.#peerOf.clear()
    this.#restart = setTimeout(() => {
      this.#restart = undefined
      for (const { peer, place, terms } of this.#byPeer.values()) this.#start({ peer, place, terms })
    }, RESTART_MS)
  }

  #take(report: Report): void {
    const name = this.#peerOf.get(report.id)
    const watched = name === undefined ? undefined : this.#byPeer.get(name)
    if (watched === undefined) return // it was removed meanwhile
    switch (report.type) {
      case 'changed':
        this.#changed(watched, report)
        break
      case 'problem':
        this.#problem(watched, report.problem)
        break
      case 'discarded':
        this.#deps.log.warn({ peer: watched.peer, reason: report.reason }, 'BFD packets of a peer are discarded')
        break
    }
    this.#deps.onChange()
  }

  #changed(watched: Watched, { view, counts }: Extract<Report, { type: 'changed' }>): void {
    const { peer, place, record } = watched
    const wasUp = record.view?.state === 'Up'
    const hasFailed = counts.downs > record.counts.downs
    const sinceMs = record.view?.state === view.state && counts.ups === record.counts.ups ? record.sinceMs : this.#deps.now()
    this.#byPeer.set(peer, { ...watched, record: { ...record, view, sinceMs, counts } })
    const fields = { peer, address: place.remote }
    if (hasFailed) this.#deps.log.warn({ ...fields, diagnostic: diagnosticName(counts.downDiagnostic) }, 'BFD session is down')
    else if (wasUp && view.state !== 'Up') this.#deps.log.info(fields, 'BFD session was closed by the peer')
    if (counts.ups > record.counts.ups)
      this.#deps.log.info({ ...fields, detectionTimeMs: view.detectionTimeUs / 1000 }, 'BFD session is up')
    if (hasFailed) this.#deps.onDown(peer)
  }

  #problem(watched: Watched, problem: string | undefined): void {
    const { peer, record } = watched
    this.#byPeer.set(peer, { ...watched, record: { ...record, problem } })
    if (problem === undefined) this.#deps.log.info({ peer }, 'BFD works again')
    else this.#deps.log.warn({ peer, problem }, 'BFD does not work, trying again')
  }
}

/** Built or not, the thread's file is of the same kind as this one. */
function engineThread(): Worker {
  const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
  return new Worker(file, { name: 'bfd', resourceLimits: { maxYoungGenerationSizeMb: 4 } })
}

function sessionTerms({ minTxMs, minRxMs, multiplier }: BfdTerms): SessionTerms {
  return { minTxUs: minTxMs * 1000, minRxUs: minRxMs * 1000, detectMult: multiplier }
}
