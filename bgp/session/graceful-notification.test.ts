/** Sessions that end with a NOTIFICATION (RFC 8538, 4486, 9384), against peers that say exactly what the test wants. */
import t from 'tap'
import { encodeNotification } from '../wire/notification.ts'
import { lab, until } from './fixture.ts'
import { endOfRib, gracefulRestart, ipv4Unicast, marker, notification, octets, routes, update } from './raw-peer.ts'

const nothing = {}

/** A session with two routes of a peer that sets the N bit, or does not. */
async function established(t: Parameters<typeof lab>[0], notification: boolean) {
  const watched = await lab(t)
  const raw = await watched.dial()
  await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart({ notification })] })
  raw.send(update)
  await until(() => watched.best.size === 2)
  t.match(await raw.next(), { type: 'update' }) // our End-of-RIB
  return { ...watched, raw, known: () => Object.fromEntries(watched.best) }
}

type Row = readonly [title: string, nBit: boolean, code: number, subcode: number, kept: object]

const received: readonly Row[] = [
  ['RFC 8538 §4 a NOTIFICATION of a peer with the N bit is a restart', true, 3, 1, routes],
  ['RFC 8538 §4 so is its Cease, whatever the subcode', true, 6, 2, routes],
  ['RFC 8538 §4 its Hard Reset is none', true, 6, 9, nothing],
  ['RFC 4724 §4 without the N bit none is', false, 3, 1, nothing],
]
for (const [title, nBit, code, subcode, kept] of received)
  t.test(title, async (t) => {
    const { raw, peer, known } = await established(t, nBit)
    raw.send(encodeNotification(code, subcode))
    await until(() => peer().state === 'Active')
    await until(() => Object.keys(known()).length === Object.keys(kept).length)
    t.strictSame(known(), kept)
    t.match(peer(), { lastError: { code, subcode, direction: 'received' } })
    t.strictSame(await raw.next(), { type: 'closed' }, 'RFC 4271 §6.4: it is not answered')
  })

t.test('RFC 8538 §4 the NOTIFICATION we send keeps the routes too: unparsable prefixes are 3/10', async (t) => {
  const { raw, peer, known } = await established(t, true)
  raw.send(octets(`${marker} 0019 02 0000 0000 21 00`))
  t.match(await raw.next(), { code: 3, subcode: 10 })
  await until(() => peer().state === 'Active')
  t.strictSame(known(), routes)
})

t.test('RFC 8538 §4.1 consecutive failures do not delete what is stale', async (t) => {
  const { raw, dial, peer, known, speaker } = await established(t, true)
  raw.send(encodeNotification(6, 4))
  await until(() => peer().state === 'Active')
  const second = await dial()
  await second.establish({ capabilities: [ipv4Unicast, gracefulRestart({ notification: true })] })
  await until(() => peer().state === 'Established')
  await until(() => speaker.routes({ table: 'in', limit: 9 }).routes.every(({ paths }) => paths[0]?.stale === true))
  second.send(encodeNotification(6, 4))
  await until(() => peer().state === 'Active')
  await (await dial()).establish({ capabilities: [ipv4Unicast, gracefulRestart({ notification: true })] })
  await until(() => peer().state === 'Established')
  t.strictSame([known(), peer().families['ipv4-unicast']?.stale], [routes, 2])
})

t.test('RFC 4486 §4 Speaker.reset ends the session with Administrative Reset, and it comes back', async (t) => {
  const { raw, speaker, peer, known } = await established(t, true)
  t.equal(speaker.reset('peer'), true)
  t.strictSame(await raw.next(), notification(6, 4))
  await until(() => peer().state === 'Active')
  t.strictSame(known(), routes)
  t.equal(speaker.reset('nobody'), false)
})

for (const [title, nBit, expected] of [
  ['RFC 9384 §3 BFD goes down: Cease/BFD Down, the routes go at once', false, notification(6, 10)],
  ['RFC 8538 §3 to a peer with the N bit it is a Hard Reset', true, notification(6, 9, '06 0a')],
] as const)
  t.test(title, async (t) => {
    const { raw, speaker, best, peer } = await established(t, nBit)
    speaker.bfdDown('peer', { controlPlaneIndependent: false })
    t.strictSame(await raw.next(), expected)
    await until(() => best.size === 0)
    await until(() => peer().state === 'Active')
  })

t.test('RFC 5882 §4.3: BFD down beside a restart ends it only if BFD does not go down with the peer', async (t) => {
  const { raw, speaker, best, peer, known } = await established(t, false)
  raw.reset()
  await until(() => peer().state === 'Active')
  speaker.bfdDown('peer', { controlPlaneIndependent: false })
  t.strictSame([peer().families['ipv4-unicast']?.stale, known()], [2, routes])
  speaker.bfdDown('peer', { controlPlaneIndependent: true })
  await until(() => best.size === 0)
  speaker.bfdDown('nobody', { controlPlaneIndependent: true })
})

t.test(
  'RFC 5882 §4.3.2: a peer that is back from its restart before BFD went down with it keeps its new session, until End-of-RIB',
  async (t) => {
    const { raw, dial, speaker, peer, known, best } = await established(t, false)
    raw.reset()
    await until(() => peer().state === 'Active')
    const second = await dial()
    await second.establish({ capabilities: [ipv4Unicast, gracefulRestart({ notification: false })] })
    await until(() => peer().state === 'Established')
    speaker.bfdDown('peer', { controlPlaneIndependent: false })
    t.strictSame([peer().state, known()], ['Established', routes])
    second.send(endOfRib)
    await until(() => best.size === 0)
    speaker.bfdDown('peer', { controlPlaneIndependent: false })
    await until(() => peer().lastError?.subcode === 10)
    t.match(peer().lastError, { name: 'Cease/BFD Down (6/10), sent' })
  },
)
