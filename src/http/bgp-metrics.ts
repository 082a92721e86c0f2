/** The numbers of `/metrics` that are about BGP peers, tables and monitors. Peers say nothing of their own in labels: only configured names do. */
import type { CountsByType, MonitorStatus, PeerStatus } from '../../bgp/peer.ts'
import type { Metric, Reading, Sample } from './metric.ts'

const states: readonly PeerStatus['state'][] = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established']

export const bgpMetrics: readonly Metric[] = [
  perPeer('tortie_bgp_peer_established', '1 while the session is Established', ({ state }) => Number(state === 'Established')),
  {
    name: 'tortie_bgp_peer_state',
    help: '1 for the state the session is in (RFC 4271 §8.2.2)',
    labels: ['peer', 'state'],
    read: ({ peers }) =>
      peers.flatMap(({ name, state }) => states.map((each) => ({ labels: { peer: name, state: each }, value: Number(each === state) }))),
  },
  someOfPeers('tortie_bgp_peer_established_timestamp_seconds', 'When the session came up, while it is', ({ state, since }) =>
    state === 'Established' ? Date.parse(since) / 1000 : undefined,
  ),
  perPeer('tortie_bgp_peer_flaps_total', 'Times the session left Established', ({ flaps }) => flaps),
  someOfPeers(
    'tortie_bgp_peer_last_error_code',
    'Code of the last NOTIFICATION, in either direction (RFC 4271 §4.5)',
    ({ lastError }) => lastError?.code,
  ),
  someOfPeers('tortie_bgp_peer_last_error_subcode', 'Subcode of it', ({ lastError }) => lastError?.subcode),
  perBfdPeer('tortie_bgp_peer_bfd_up', '1 while the BFD session beside it is Up', ({ state }) => Number(state === 'Up')),
  perBfdPeer('tortie_bgp_peer_bfd_ups_total', 'Times that came Up', ({ ups }) => ups),
  perBfdPeer('tortie_bgp_peer_bfd_downs_total', 'Times that found the path broken', ({ downs }) => downs),
  perPeer('tortie_bgp_peer_messages_sent_total', 'BGP messages sent', ({ messages }) => messages.sent),
  perPeer('tortie_bgp_peer_messages_received_total', 'BGP messages received', ({ messages }) => messages.received),
  perPeer('tortie_bgp_peer_updates_sent_total', 'UPDATE messages sent', ({ messages }) => messages.updatesSent),
  perPeer('tortie_bgp_peer_updates_received_total', 'UPDATE messages received', ({ messages }) => messages.updatesReceived),
  {
    name: 'tortie_bgp_peer_messages_total',
    help: 'BGP messages by direction and type',
    labels: ['peer', 'direction', 'type'],
    read: ({ peers }) =>
      peers.flatMap(({ name, messages: { sentByType, receivedByType } }) => [
        ...byType(name, 'sent', sentByType),
        ...byType(name, 'received', receivedByType),
      ]),
  },
  someOfPeers('tortie_bgp_peer_handling_seconds_total', 'Time taken to handle what the peer sent', ({ messages }) => messages.handlingSec),
  {
    name: 'tortie_bgp_peer_prefixes',
    help: 'Prefixes of a peer by family: received, accepted, best, advertised, stale',
    labels: ['peer', 'family', 'count'],
    read: ({ peers }) => peers.flatMap(prefixes),
  },
  {
    name: 'tortie_bgp_rib',
    help: 'Sizes of the tables by family: prefixes, paths, best (prefixes with a best path)',
    labels: ['family', 'count'],
    read: ({ monitors: { tables = {} } }) =>
      Object.entries(tables).flatMap(([family, sizes]) =>
        Object.entries(sizes).map(([count, value]) => ({ labels: { family, count }, value })),
      ),
  },
  perCollector('tortie_bmp_connected', '1 while the BMP collector is connected', ({ connected }) => Number(connected)),
  perCollector('tortie_bmp_connects_total', 'Times it was', ({ connects }) => connects),
  perCollector('tortie_bmp_messages_total', 'BMP messages sent', ({ messages }) => messages),
  perCollector('tortie_bmp_octets_total', 'Octets of them', ({ octets }) => octets),
  perCollector('tortie_bmp_unread_bytes', 'Octets that wait for the collector to read', ({ unread }) => unread),
  snapshots('tortie_mrt_files_total', 'MRT files written', ({ files }) => files),
  snapshots('tortie_mrt_failures_total', 'MRT files that could not be written', ({ failures }) => failures),
]

function perPeer(name: string, help: string, value: (peer: PeerStatus) => number): Metric {
  return someOfPeers(name, help, value)
}

/** Peers without a value have no line. */
function someOfPeers(name: string, help: string, value: (peer: PeerStatus) => number | undefined): Metric {
  const read = ({ peers }: Reading) =>
    peers.flatMap((peer) => {
      const number = value(peer)
      return number === undefined ? [] : [{ labels: { peer: peer.name }, value: number }]
    })
  return { name, help, labels: ['peer'], read }
}

/** Peers without BFD have no line. */
function perBfdPeer(name: string, help: string, value: (bfd: NonNullable<PeerStatus['bfd']>) => number): Metric {
  return someOfPeers(name, help, ({ bfd }) => bfd && value(bfd))
}

function perCollector(name: string, help: string, value: (collector: MonitorStatus['collectors'][number]) => number): Metric {
  const read = ({ monitors: { collectors } }: Reading) =>
    collectors.map((each) => ({ labels: { collector: each.name }, value: value(each) }))
  return { name, help, labels: ['collector'], read }
}

function snapshots(name: string, help: string, value: (counts: NonNullable<MonitorStatus['mrt']>) => number): Metric {
  return { name, help, labels: [], read: ({ monitors: { mrt } }) => (mrt === undefined ? [] : [{ labels: {}, value: value(mrt) }]) }
}

function byType(peer: string, direction: string, counts: CountsByType | undefined): readonly Sample[] {
  return Object.entries(counts ?? {}).map(([type, value]) => ({ labels: { peer, direction, type }, value }))
}

function prefixes({ name, families }: PeerStatus): readonly Sample[] {
  return Object.entries(families).flatMap(([family, { received, accepted, best, advertised, stale }]) =>
    Object.entries({ received, accepted, ...(best !== undefined && { best }), advertised, stale }).map(([count, value]) => ({
      labels: { peer: name, family, count },
      value,
    })),
  )
}
