import t from 'tap'
import { address, lab, peerConfig, until } from '../../bgp/session/fixture.ts'
import { ipv4Unicast, notification } from '../../bgp/session/raw-peer.ts'
import type { Speaker } from '../../bgp/speaker.ts'
import { peer, startFixture } from './api-fixture.ts'

const notPossible = { type: 'urn:tortie:problem:not-possible-now', title: 'Not possible now', status: 409 }

function unasked(): never {
  throw new Error('nobody asked for it')
}

const table: [title: string, face: Parameters<typeof startFixture>[1], path: string, answer: object][] = [
  ['a reset says what was', {}, 'tor1/reset', { status: 200, body: { peer: 'tor1', state: 'Established' } }],
  ['a refresh likewise', {}, 'tor1/refresh', { status: 200, body: { peer: 'tor1', state: 'Established' } }],
  ['a reset of nobody', {}, 'nobody/reset', { status: 404, body: { detail: 'there is no BGP peer nobody' } }],
  ['a refresh of nobody', {}, 'nobody/refresh', { status: 404, body: { detail: 'there is no BGP peer nobody' } }],
  ['a parameter there is not', {}, 'tor1/reset?hard=true', { status: 400, body: { errors: [{ path: 'query.hard' }] } }],
  [
    'a peer that is shut down is not reset',
    { peer: () => ({ ...peer, state: 'Idle', shutdown: '' }), resetPeer: unasked },
    'tor1/reset',
    { status: 409, body: { ...notPossible, detail: 'BGP peer tor1 is shut down by its configuration' } },
  ],
  [
    'without a session nothing is refreshed',
    { peer: () => ({ ...peer, state: 'Connect' }), refreshPeer: () => false },
    'tor1/refresh',
    { status: 409, body: { ...notPossible, detail: 'BGP peer tor1 has no session: it is Connect' } },
  ],
  [
    'nor with a peer that did not announce it',
    { refreshPeer: () => false },
    'tor1/refresh',
    { status: 409, body: { ...notPossible, detail: /^BGP peer tor1 did not announce route refresh \(RFC 2918\)/ } },
  ],
]
for (const [title, face, path, answer] of table)
  t.test(`POST /v1/bgp/peers/${path}: ${title}`, async (t) => {
    const api = await startFixture(t, face)
    t.match(await api.send('POST', `/v1/bgp/peers/${path}`, '', ''), answer)
  })

t.test('GET does neither', async (t) => {
  const api = await startFixture(t, { resetPeer: unasked, refreshPeer: unasked })
  for (const what of ['reset', 'refresh']) t.match(await api.get(`/v1/bgp/peers/tor1/${what}`), { status: 405, allow: 'POST' })
})

/** The API in front of a real speaker. */
function faceOf(speaker: Speaker) {
  return {
    peer: (name: string) => speaker.peers().find((status) => status.name === name),
    resetPeer: (name: string) => speaker.reset(name),
    refreshPeer: (name: string) => speaker.requestRefresh(name),
  }
}

t.test('one session of a speaker is asked, then reset; the other lives on', async (t) => {
  const { speaker, peer, dial, port } = await lab(t)
  const config = (name: string, at: string) => peerConfig({ name, address: address(at), port, passive: true })
  speaker.setPeers([config('peer', '127.0.0.2'), config('other', '127.0.0.3')])
  const api = await startFixture(t, faceOf(speaker))
  const [one, other] = [await dial('127.0.0.2'), await dial('127.0.0.3')]
  const capabilities = [ipv4Unicast, { type: 'route-refresh' }] as const
  for (const raw of [one, other]) await raw.establish({ capabilities })
  await until(() => ['peer', 'other'].every((name) => peer(name).state === 'Established'))
  t.match([await one.next(), await other.next()], [{ body: '00000000' }, { body: '00000000' }], 'our End-of-RIB')
  const { since } = peer('other')
  t.match(await api.send('POST', '/v1/bgp/peers/peer/refresh', '', ''), { status: 200 })
  t.strictSame(await one.next(), { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 })
  t.match(await api.send('POST', '/v1/bgp/peers/peer/reset', '', ''), { status: 200, body: { peer: 'peer', state: 'Established' } })
  t.strictSame(await one.next(), notification(6, 4))
  await until(() => peer().state === 'Active')
  t.match(await api.send('POST', '/v1/bgp/peers/peer/refresh', '', ''), { status: 409 })
  await (await dial('127.0.0.2')).establish({ capabilities: [ipv4Unicast] })
  await until(() => peer().state === 'Established')
  t.match(await api.send('POST', '/v1/bgp/peers/peer/refresh', '', ''), { status: 409, body: { detail: /did not announce/ } })
  t.match(peer('other'), { state: 'Established', since, flaps: 0 })
})
