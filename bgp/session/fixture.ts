/** Speakers for tests: real ones, on loopback addresses, ended with the test. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { parseAddress } from '../../src/net/address.ts'
import { asn } from '../../src/net/asn.ts'
import { parseCidr } from '../../src/net/prefix.ts'
import type { BestRouteBatch, PeerConfig, PeerRange, PeerStatus, SpeakerOptions } from '../peer.ts'
import { Speaker, type SpeakerDependencies } from '../speaker.ts'
import { RawPeer } from './raw-peer.ts'

export function address(text: string) {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  await once(server, 'close')
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return bound.port
}

export function peerConfig(changes: Partial<PeerConfig> & Pick<PeerConfig, 'address' | 'port'>): PeerConfig {
  return {
    name: 'peer',
    asNumber: asn(65002),
    passive: false,
    families: ['ipv4-unicast'],
    routeReflectorClient: false,
    holdTimeSec: 90,
    maxPrefixes: 0,
    import: 'all',
    export: 'all',
    ...changes,
  }
}

/** Anybody but ourselves from 127.0.1.0/24, but for the changes. */
export function peerRange(changes: Partial<PeerRange>): PeerRange {
  const { name: _, address: __, asNumber: ___, port: ____, passive: _____, ...template } = peerConfig({ address: address('::'), port: 179 })
  const prefix = parseCidr('127.0.1.0/24')
  if (prefix === undefined) throw new Error('no prefix')
  return { name: 'nodes', prefix, asNumbers: ['external'], limit: 100, template, ...changes }
}

export type Watched = {
  readonly speaker: Speaker
  /** Every log line: level, sentence, fields. */
  readonly lines: { readonly level: string; readonly sentence: string; readonly fields: object }[]
  /** Learned best routes as they are now: prefix -> next hop. */
  readonly best: Map<string, string>
  readonly peer: (name?: string) => PeerStatus
}

/** A speaker of AS 65001, 10.0.0.1 on 127.0.0.1, but for the changes; not started, stopped after the test. */
export function speakerFor(
  t: Test,
  port: number,
  changes: Partial<SpeakerOptions> = {},
  dependencies: Partial<SpeakerDependencies> = {},
): Watched {
  const lines: Watched['lines'] = []
  const best = new Map<string, string>()
  const at = address('127.0.0.1')
  const options: SpeakerOptions = {
    asNumber: asn(65001),
    routerId: 0x0a00_0001,
    listenAddresses: [at],
    listenPort: port,
    localAddress: { ipv4: at },
    restarting: false,
    restartTimeSec: 120,
    ...changes,
  }
  const line = (level: string) => (fields: object, sentence: string) => void lines.push({ level, sentence, fields })
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  const onBest = (batch: BestRouteBatch) => note(best, batch)
  const speaker = new Speaker(options, { log, nextHopMetric: () => 0, onBest, onChange: () => {}, random: () => 0, ...dependencies })
  t.teardown(() => speaker.stop())
  const peer = (name = 'peer') => {
    const status = speaker.peers().find((status) => status.name === name)
    if (status === undefined) throw new Error(`no peer ${name}`)
    return status
  }
  return { speaker, lines, best, peer }
}

export type Setup = { readonly peer?: Partial<PeerConfig>; readonly options?: Partial<SpeakerOptions> }

/** A started speaker with one passive peer at 127.0.0.2, and the means to be that peer. */
export async function lab(t: Test, { peer = {}, options = {} }: Setup = {}) {
  const port = await freePort()
  const watched = speakerFor(t, port, options)
  watched.speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port, passive: true, ...peer })])
  await watched.speaker.start()
  const dial = async (from = '127.0.0.2') => {
    const raw = await RawPeer.dial(from, '127.0.0.1', port)
    t.teardown(() => raw.socket.destroy())
    return raw
  }
  return { ...watched, port, dial }
}

/** Waits for a condition; the test's own timeout is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5)
}

function note(best: Map<string, string>, batch: BestRouteBatch): void {
  for (let i = 0; i < batch.count; i++) {
    const id = batch.ids[i] as number
    const nextHops = batch.nextHopsOf(id).map(({ address }) => address)
    if (nextHops.length === 0) best.delete(batch.table.format(id))
    else best.set(batch.table.format(id), nextHops.toSorted().join(' '))
  }
}
