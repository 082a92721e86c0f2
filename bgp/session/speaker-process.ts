/** A speaker in a process of its own, for labs: started by `ip netns exec`, told what to do and asked for its state over IPC. */

import type { Cidr } from '../../src/net/prefix.ts'
import type { BestRouteBatch, PeerConfig, PeerRange, PeerStatus, RoutePage, SpeakerOptions, SpeakerPolicy } from '../peer.ts'
import { Speaker } from '../speaker.ts'

export type Order =
  | { readonly type: 'start'; readonly options: SpeakerOptions; readonly peers: readonly PeerConfig[]; readonly originate: readonly Cidr[] }
  | { readonly type: 'policy'; readonly policy: SpeakerPolicy }
  | { readonly type: 'peers'; readonly peers: readonly PeerConfig[]; readonly ranges?: readonly PeerRange[] }
  | { readonly type: 'report' }
  | { readonly type: 'stop'; readonly cease?: 'shutdown' }
  /** Of the peer `theirs`: see Speaker. */
  | { readonly type: 'reset' }
  | { readonly type: 'request-refresh' }

export type Report = {
  readonly peers: readonly PeerStatus[]
  readonly best: readonly (readonly [prefix: string, nextHop: string])[]
  readonly routes: RoutePage
  readonly converged: boolean
}

const best = new Map<string, string>()
let speaker: Speaker | undefined
let converged = false

process.on('message', (order: Order) => void obey(order))
process.on('disconnect', () => process.exit(0))

async function obey(order: Order): Promise<void> {
  if (order.type === 'start') await start(order)
  else if (order.type === 'policy') speaker?.setPolicy(order.policy)
  else if (order.type === 'report') process.send?.(report())
  else if (order.type === 'peers') speaker?.setPeers(order.peers, order.ranges)
  else if (order.type === 'reset') speaker?.reset('theirs')
  else if (order.type === 'request-refresh') speaker?.requestRefresh('theirs')
  else {
    await speaker?.stop(order.cease === undefined ? {} : { cease: order.cease })
    process.disconnect()
  }
}

async function start({ options, peers, originate }: Extract<Order, { type: 'start' }>): Promise<void> {
  const log = { debug: quiet, info: quiet, warn: quiet, error: console.error }
  speaker = new Speaker(options, { log, nextHopMetric: () => 0, onBest, onChange: quiet })
  void speaker.converged.then(() => {
    converged = true
  })
  speaker.setPeers(peers)
  speaker.originate(originate)
  await speaker.start()
}

function report(): Report {
  const routes = speaker?.routes({ table: 'best', limit: 100 }) ?? { routes: [], total: 0 }
  return { peers: speaker?.peers() ?? [], best: [...best].sort(([a], [b]) => (a < b ? -1 : 1)), routes, converged }
}

function onBest(batch: BestRouteBatch): void {
  for (let i = 0; i < batch.count; i++) {
    const id = batch.ids[i] as number
    const nextHops = batch.nextHopsOf(id).map(({ address }) => address)
    if (nextHops.length === 0) best.delete(batch.table.format(id))
    else best.set(batch.table.format(id), batch.discards(id) ? 'discard' : nextHops.toSorted().join(' '))
  }
}

function quiet(): void {}
