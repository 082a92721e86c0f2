import t from 'tap'
import { terms } from '../fsm/fixture.ts'
import { endOfRib } from '../wire/end-of-rib.ts'
import { encodeKeepAlive } from '../wire/keepalive.ts'
import { address, peerConfig } from './fixture.ts'
import { PeerRecord } from './peer-record.ts'

const config = peerConfig({ name: 'tor1', address: address('10.99.0.2'), port: 179, families: ['ipv4-unicast', 'ipv6-unicast'] })
const counts = { received: 5, accepted: 4, advertised: 3, stale: 2 }
const rib = { counts: () => counts, bestFrom: () => 1 }
const shown = { ...counts, best: 1 }
const none = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }
const at = (ms: number) => new Date(ms).toISOString()
const fixed = { passive: false, connectRetryCounter: 0 }

t.test('a peer that was never reached', async (t) => {
  const record = new PeerRecord(config, () => 0)
  t.strictSame(record.status({ state: { ...fixed, name: 'Idle' }, timers: { connectRetrySec: 0 } }, rib, 0), {
    name: 'tor1',
    address: '10.99.0.2',
    asNumber: 65002,
    state: 'Idle',
    since: at(0),
    families: { 'ipv4-unicast': shown, 'ipv6-unicast': shown },
    timers: { holdTimeSec: 90, keepaliveSec: 30, configuredHoldTimeSec: 90, connectRetrySec: 0 },
    messages: { sent: 0, received: 0, updatesSent: 0, updatesReceived: 0, sentByType: none, receivedByType: none, handlingSec: 0 },
    flaps: 0,
  })
})

t.test('an established peer shows what was agreed on, every capability by name', async (t) => {
  let now = 0
  const record = new PeerRecord(config, () => now)
  now = 1000
  t.equal(record.enter('Established'), true)
  now = 2000
  t.equal(record.enter('Established'), false, 'no change')
  record.counts.countSent(Buffer.concat([1, 2, 3].map(() => endOfRib('ipv4-unicast'))))
  for (let i = 0; i < 2; i++) record.counts.noteSent(encodeKeepAlive())
  record.counts.noteReceived(1)
  record.counts.handlingMs = 1500
  now = 62_500
  const agreed = {
    ...terms,
    holdTimeSec: 9,
    keepaliveSec: 3,
    longLived: [{ family: 'ipv4-unicast', forwardingPreserved: false, staleSec: 60 }],
    addPathReceive: ['ipv4-unicast'],
    capabilities: [
      { type: 'multiprotocol', afi: 1, safi: 1 },
      { type: 'route-refresh' },
      { type: 'extended-message' },
      { type: 'four-octet-as', asNumber: 4_200_000_000 },
      { type: 'graceful-restart', restarting: true, notification: false, restartTimeSec: 120, families: [] },
      { type: 'unknown', code: 73, data: Uint8Array.of(1) },
    ],
  } as const
  t.strictSame(
    record.status(
      { state: { ...fixed, name: 'Established', terms: agreed }, timers: { connectRetrySec: 1.5, holdRemainingSec: 8.5 } },
      rib,
      0,
    ),
    {
      name: 'tor1',
      address: '10.99.0.2',
      asNumber: 65002,
      state: 'Established',
      since: at(1000),
      uptimeSec: 61,
      remoteRouterId: '10.0.0.2',
      capabilities: [
        'multiprotocol ipv4-unicast',
        'route-refresh',
        'extended-message',
        'four-octet-as 4200000000',
        'graceful-restart 120s restarting',
        'fqdn',
      ],
      negotiated: [
        'multiprotocol ipv4-unicast',
        'four-octet-as',
        'route-refresh',
        'long-lived-graceful-restart ipv4-unicast 60s',
        'add-path ipv4-unicast receive',
      ],
      families: { 'ipv4-unicast': shown, 'ipv6-unicast': shown },
      timers: { holdTimeSec: 9, keepaliveSec: 3, configuredHoldTimeSec: 90, connectRetrySec: 1.5, holdRemainingSec: 8.5 },
      messages: {
        sent: 5,
        received: 1,
        updatesSent: 3,
        updatesReceived: 0,
        sentByType: { ...none, update: 3, keepalive: 2 },
        receivedByType: { ...none, open: 1 },
        handlingSec: 1.5,
      },
      flaps: 0,
    },
  )
})

t.test('each end of a session is a flap; the last reason stays, with its time', async (t) => {
  let now = 0
  const record = new PeerRecord(config, () => now)
  for (const state of ['Established', 'Idle', 'Connect', 'Established', 'OpenConfirm'] as const) record.enter(state)
  now = 5000
  record.fail({ name: 'TCP connection failed', direction: 'local', message: 'connect ECONNREFUSED' })
  const { flaps, lastError } = record.status({ state: { ...fixed, name: 'Active' }, timers: { connectRetrySec: 2 } }, rib, 0)
  t.strictSame(
    [flaps, lastError],
    [2, { name: 'TCP connection failed', direction: 'local', message: 'connect ECONNREFUSED', at: at(5000) }],
  )
})
