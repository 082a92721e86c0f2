/** Bad input #46, #47, #57, #67, #69, #77: much of something, and the largest values there are. */
import t, { type Test } from 'tap'
import { attribute, concat } from '../wire/fixture.ts'
import {
  announced,
  before,
  InputLab,
  type InputSetup,
  ipv6Unicast,
  mandatory,
  nextHop,
  notified,
  origin,
  prefix,
  updateOf,
  withdrawn,
} from './inputs-lab.ts'
import { ipv4Unicast } from './raw-peer.ts'

const u32 = (value: number) => (value >>> 0).toString(16).padStart(8, '0')
const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, i) => u32(first + i)).join('')
const segment = (count: number, first = 1) => `02 ${count.toString(16).padStart(2, '0')} ${numbers(count, first)}`
const withPath = (value: string) => updateOf(concat(origin, attribute(0x40, 2, value), nextHop), prefix)

/** A session with messages of 65,535 octets, its prefix announced. */
async function extended(t: Test, setup: InputSetup = {}) {
  const lab = await InputLab.create(t, setup)
  const as4 = { type: 'four-octet-as', asNumber: 65002 } as const
  const raw = await lab.establish({ capabilities: [ipv4Unicast, ipv6Unicast, as4, { type: 'extended-message' }] })
  await lab.told(raw, before())
  return { lab, raw }
}

const paths: readonly (readonly [title: string, value: string, told: string])[] = [
  [
    '#46 a segment of 255 AS numbers: ours goes into one of its own (RFC 4271 §5.1.2)',
    `02ff 0000fdea ${numbers(254)}`,
    `500204 04 0201 0000fde9 02ff 0000fdea ${numbers(254)}`,
  ],
  [
    '#46 a path of 1,000 AS numbers: passed on',
    `0201 0000fdea ${segment(250)} ${segment(250)} ${segment(250)} ${segment(249)}`,
    `50020fae 0202 0000fde9 0000fdea ${segment(250)} ${segment(250)} ${segment(250)} ${segment(249)}`,
  ],
]
for (const [title, value, told] of paths)
  t.test(title, async (t) => {
    const { lab, raw } = await extended(t)
    t.strictSame(await lab.told(raw, withPath(value)), [announced(`400101 00 ${told} 400304 7f000001`)])
    await lab.repeated(raw, 300, before(), withPath(value))
    lab.untouched()
  })

t.test('#46 #47 a path of 16,000 AS numbers: taken, and withdrawn from a peer whose messages are too short for it', async (t) => {
  const { lab, raw } = await extended(t)
  const value = `0201 0000fdea ${segment(250).repeat(63)} ${segment(249)}`
  t.strictSame(await lab.told(raw, withPath(value)), [withdrawn])
  const { routes } = lab.watched.speaker.routes({ table: 'best', prefix: '203.0.113.0/24' as never, limit: 1 })
  t.equal(routes[0]?.paths[0]?.asPath.split(' ').length, 16_000)
  const notes = lab.watched.lines.map(({ fields }) => ('note' in fields ? `${JSON.stringify(fields)}` : ''))
  t.ok(
    notes.some((note) => note.includes('witness') && note.includes('4096')),
    'and it is said in the log',
  )
  await lab.repeated(raw, 50, before(), withPath(value))
  await lab.told(raw) // what was still on its way
  t.strictSame(await lab.told(raw, updateOf(mandatory, prefix)), [announced('400101 00 40020a 0202 0000fde9 0000fdea 400304 7f000001')])
  lab.untouched()
})

t.test('#57 16,000 communities, and many such sets one after the other: taken; what is not in use any more is freed', async (t) => {
  const { lab, raw } = await extended(t)
  const set = (first: number) => updateOf(concat(mandatory, attribute(0xc0, 8, numbers(16_000, first * 16_000))), prefix)
  let first = 0
  await lab.bounded(20, async () => {
    for (let round = 0; round < 20; round++) await lab.told(raw, set(first++))
  })
  t.match(lab.watched.peer('bad').families['ipv4-unicast'], { received: 2, accepted: 2, advertised: 1, stale: 0 })
  lab.untouched()
})

t.test('#67 withdrawals of prefixes that were never announced, a million: ignored, nothing is kept', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish()
  const storm = Array.from({ length: 625 }, (_, i) =>
    updateOf('', '', Array.from({ length: 800 }, (_, k) => `20${u32(0x0a00_0000 + i * 800 + k)}`).join('')),
  )
  t.strictSame(await lab.told(raw, ...storm), [])
  await lab.repeated(raw, 1, ...storm)
  t.equal(lab.watched.speaker.routes({ table: 'best', limit: 10 }).total, 2)
  lab.untouched()
})

t.test('#69 a million prefixes above a limit of 1,000: NOTIFICATION 6/1 with the limit (RFC 4486 §4), and they are gone', async (t) => {
  const lab = await InputLab.create(t, { peer: { maxPrefixes: 1000 } })
  const flood = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      updateOf(mandatory, Array.from({ length: 800 }, (_, k) => `20${u32(0x0a00_0000 + i * 800 + k)}`).join('')),
    )
  const million = flood(1250)
  t.strictSame(await lab.answers(await lab.establish(), ...million), notified(6, 1, '000101 000003e8'))
  lab.witness.forget()
  await lab.bounded(5, async () => {
    for (let round = 0; round < 5; round++) {
      lab.renew()
      await lab.answers(await lab.establish(), ...million.slice(0, 100))
      lab.witness.forget()
    }
  })
  t.equal(lab.watched.best.size, 1)
  lab.untouched()
})

t.test('#77 values above 2^31: passed on as they are, unsigned', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish()
  const path = attribute(0x40, 2, '0204 0000fdea ffffffff 80000000 ffff0000')
  const more = ['c00708 ffffffff ffffffff', 'c00808 ffffffff 80000001', 'c0200c ffffffff 80000000 ffffffff']
  const input = updateOf(
    concat(
      origin,
      path,
      nextHop,
      attribute(0x80, 4, 'ffffffff'),
      ...more.map((text) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))),
    ),
    '20dfffffff 20c0000201',
  )
  const told = `400101 00 400216 0205 0000fde9 0000fdea ffffffff 80000000 ffff0000 400304 7f000001 ${more.join(' ')}`
  t.strictSame(await lab.told(raw, input), [announced(told, '20dfffffff 20c0000201')])
  const { routes } = lab.watched.speaker.routes({ table: 'in', peer: 'bad', prefix: '223.255.255.255/32' as never, limit: 1 })
  t.match(routes[0]?.paths[0], {
    asPath: '65002 4294967295 2147483648 4294901760',
    med: 4294967295,
    communities: ['65535:65535', '32768:1'],
    largeCommunities: ['4294967295:2147483648:4294967295'],
  })
  await lab.repeated(raw, 2000, input, updateOf('', '', '20dfffffff 20c0000201'))
  lab.untouched()
})
