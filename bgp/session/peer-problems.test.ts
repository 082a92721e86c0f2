import t from 'tap'
import { address, freePort, lab, peerConfig, speakerFor, until } from './fixture.ts'
import { type PeerCondition, peerProblems } from './peer-problems.ts'
import { update } from './raw-peer.ts'

const config = peerConfig({ name: 'tor1', address: address('10.99.0.2'), port: 179 })
const peer = (changes: Partial<PeerCondition>): PeerCondition => ({
  config,
  downSinceMs: 0,
  lastError: undefined,
  keptOut: undefined,
  ...changes,
})
const since = 'has no session since 1970-01-01T00:00:00.000Z'
const failed = { name: 'TCP connection failed', direction: 'local', at: '', message: 'bind EADDRNOTAVAIL 10.9.9.9' } as const

const table: [title: string, condition: PeerCondition, nowMs: number, message: string | undefined][] = [
  ['a session that is up', peer({ downSinceMs: undefined }), 1e9, undefined],
  ['three minutes are no problem yet', peer({}), 180_000, undefined],
  ['nobody there', peer({}), 180_001, `${since}: nobody answers at 10.99.0.2 port 179`],
  ['a passive one', peer({ config: { ...config, passive: true } }), 180_001, `${since}: nobody connects from 10.99.0.2`],
  ['the last error', peer({ lastError: failed }), 180_001, `${since}: TCP connection failed: bind EADDRNOTAVAIL 10.9.9.9`],
  [
    'silence with a key',
    peer({ config: { ...config, password: 'k' } }),
    180_001,
    `${since}: nobody answers at 10.99.0.2 port 179; the TCP MD5 key may differ on the other side`,
  ],
]
for (const [title, condition, nowMs, message] of table)
  t.test(`a peer without a session: ${title}`, async (t) =>
    t.strictSame(
      peerProblems([condition], nowMs),
      message === undefined ? [] : [{ severity: 'warning', subject: 'bgp/peer/tor1', message }],
    ),
  )

t.test('who is over its limit of prefixes is told at once, with what to do', async (t) => {
  const over = { ...config, maxPrefixes: 2 }
  const rest = 'it announced more than its 2 prefixes (maxPrefixes); raise the limit, or end its wait with "tortie bgp reset tor1"'
  const messages = [undefined, 8.2].map((leftSec) => peerProblems([peer({ config: over, keptOut: { leftSec } })], 1e9))
  t.strictSame(messages, [
    [{ severity: 'error', subject: 'bgp/peer/tor1', message: `is kept out: ${rest}` }],
    [{ severity: 'error', subject: 'bgp/peer/tor1', message: `is kept out for 9 s more: ${rest}` }],
  ])
})

t.test('more than five peers without a session are one problem', async (t) => {
  const peers = Array.from({ length: 7 }, (_, i) => peer({ config: { ...config, name: `p${i}` } }))
  t.equal(peerProblems(peers.slice(0, 5), 1e9).length, 5)
  const message = '7 peers have no session: p0, p1, p2, p3, p4 and 2 more; "tortie bgp peers" shows why'
  t.strictSame(peerProblems(peers, 1e9), [{ severity: 'warning', subject: 'bgp/peers', message }])
})

const later = () => Date.now() + 200_000

t.test('a source address this node does not have: the reason of the system; none of it for a peer that is shut down', async (t) => {
  const port = await freePort()
  const { speaker, peer } = speakerFor(t, port)
  const sourceAddress = address('203.0.113.77')
  speaker.setPeers([
    peerConfig({ address: address('127.0.0.2'), port, sourceAddress }),
    peerConfig({ name: 'off', address: address('127.0.0.3'), port, shutdown: '' }),
  ])
  await speaker.start()
  await until(() => peer().lastError !== undefined)
  t.match(peer().lastError?.message, /EADDRNOTAVAIL 203\.0\.113\.77/)
  t.strictSame(speaker.problems(), [])
  t.match(speaker.problems(later()), { length: 1, 0: { subject: 'bgp/peer/peer', message: /EADDRNOTAVAIL 203\.0\.113\.77/ } })
})

t.test('the problem is gone when the session is up; one that is kept out by its limit is a problem until it is reset', async (t) => {
  const { speaker, dial, peer } = await lab(t, { peer: { maxPrefixes: 1 } })
  t.equal(speaker.problems(later()).length, 1)
  const raw = await dial()
  await raw.establish()
  await until(() => peer().state === 'Established')
  t.strictSame(speaker.problems(later()), [])
  raw.send(update)
  await until(() => peer().state === 'Idle')
  t.match(speaker.problems(), { length: 1, 0: { severity: 'error', message: /^is kept out: it announced more than its 1 prefixes/ } })
  speaker.reset('peer')
  t.strictSame(speaker.problems(), [])
})
