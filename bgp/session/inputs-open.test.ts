/** Bad input #12 to #25: OPENs. */
import t from 'tap'
import { concat, hex, message } from '../wire/fixture.ts'
import { until } from './fixture.ts'
import { before, InputLab, type InputSetup, ipv6Unicast, notified } from './inputs-lab.ts'
import { gracefulRestart, ipv4Unicast, keepalive, openMessage } from './raw-peer.ts'

/** An OPEN of AS 65002, hold time 90, 10.0.0.2, with these optional parameters: from their length on. */
const open = (parameters: string, head = '04 fdea 005a 0a000002') => message(1, `${head} ${parameters}`)
/** The parameters of an OPEN with these capabilities in one parameter. */
const withCapabilities = (capabilities: string) => {
  const octets = hex(capabilities).length
  return open(`${byte(octets + 2)} 02 ${byte(octets)} ${capabilities}`)
}
const byte = (value: number) => value.toString(16).padStart(2, '0')
const [mpIpv4, mpIpv6, as4] = ['01 04 0001 00 01', '01 04 0002 00 01', '41 04 0000fdea']

const internal: InputSetup = { kind: 'internal' }
const provider: InputSetup = { peer: { role: { local: 'provider', strict: false } } }
const onlyIpv6: InputSetup = { peer: { families: ['ipv6-unicast'] } }

const refusals: readonly (readonly [title: string, input: Uint8Array, answers: readonly string[], setup?: InputSetup])[] = [
  ['#12 version 3: NOTIFICATION 2/1 with ours', open('00', '03 fdea 005a 0a000002'), notified(2, 1, '0004')],
  ['#12 version 5: NOTIFICATION 2/1 with ours', open('00', '05 fdea 005a 0a000002'), notified(2, 1, '0004')],
  ['#13 another AS: NOTIFICATION 2/2', open('00', '04 fdeb 005a 0a000002'), notified(2, 2)],
  ['#13 AS 0: NOTIFICATION 2/2 (RFC 7607 §2)', open('00', '04 0000 005a 0a000002'), notified(2, 2)],
  ['#13 AS 0 in the four-octet AS capability: NOTIFICATION 2/2', withCapabilities('41 04 00000000'), notified(2, 2)],
  ['#13 another AS in the four-octet AS capability: NOTIFICATION 2/2', withCapabilities('41 04 0000fdeb'), notified(2, 2)],
  ['#14 identifier 0: NOTIFICATION 2/3 (RFC 6286 §2.1)', open('00', '04 fdea 005a 00000000'), notified(2, 3)],
  ['#14 our own identifier inside our AS: NOTIFICATION 2/3 (RFC 6286 §2.2)', open('00', '04 fde9 005a 0a000001'), notified(2, 3), internal],
  ['#15 hold time 1: NOTIFICATION 2/6', open('00', '04 fdea 0001 0a000002'), notified(2, 6)],
  ['#15 hold time 2: NOTIFICATION 2/6', open('00', '04 fdea 0002 0a000002'), notified(2, 6)],
  ['#16 optional parameters longer than the message: NOTIFICATION 2/0', open('ff 02 06 0104 0001 0001'), notified(2, 0)],
  ['#16 optional parameters shorter than the message: NOTIFICATION 2/0', open('02 02 00 0000'), notified(2, 0)],
  ['#17 the extended form with a length of 65535: NOTIFICATION 2/0 (RFC 9072)', open('ff ff ffff'), notified(2, 0)],
  ['#17 the extended form without a length: NOTIFICATION 2/0', open('01 ff'), notified(2, 0)],
  ['#17 the extended form with a parameter that overruns: NOTIFICATION 2/0', open('ff ff 0006 02 ffff 0104 00'), notified(2, 0)],
  ['#18 a capability longer than its parameter: NOTIFICATION 2/0', open('08 02 06 01 ff 0001 0001'), notified(2, 0)],
  ['#18 a capability without its length: NOTIFICATION 2/0', open('03 02 01 01'), notified(2, 0)],
  ['#20 optional parameter 1, authentication: NOTIFICATION 2/4', open('03 01 01 00'), notified(2, 4)],
  ['#20 optional parameter 3: NOTIFICATION 2/4', open('02 03 00'), notified(2, 4)],
  [
    '#22 two Roles that differ: NOTIFICATION 2/11 (RFC 9234 §4.2)',
    withCapabilities(`${mpIpv4} ${as4} 090103 090104`),
    notified(2, 11),
    provider,
  ],
  ['#22 a Role that does not fit ours: NOTIFICATION 2/11', withCapabilities(`${mpIpv4} ${as4} 090100`), notified(2, 11), provider],
  [
    '#24 no common family: NOTIFICATION 2/7 with the one we miss (RFC 5492 §5)',
    withCapabilities(mpIpv4),
    notified(2, 7, '010400020001'),
    onlyIpv6,
  ],
]
for (const [title, input, answers, setup = {}] of refusals)
  t.test(title, async (t) => (await InputLab.create(t, setup)).ends('OpenSent', input, answers))

const withGood = (capability: string) => withCapabilities(`${mpIpv4} ${mpIpv6} ${as4} ${capability}`)
const good = (...more: Parameters<typeof openMessage>[0][]) =>
  openMessage(Object.assign({ capabilities: [ipv4Unicast, ipv6Unicast, { type: 'four-octet-as', asNumber: 65002 }] }, ...more))

const accepted: readonly (readonly [title: string, input: Uint8Array, setup?: InputSetup])[] = [
  ['#14 our own identifier in another AS: legal (RFC 6286 §2.3)', good({ routerId: 0x0a00_0001 })],
  ['#19 a thousand capabilities of no octets: ignored', openOfThousand()],
  ['#19 a parameter of no octets: ignored', open(`18 02 00 02 12 ${mpIpv4} ${mpIpv6} ${as4} 02 00`)],
  ['#21 multiprotocol of three octets: ignored', withGood('01 03 000200')],
  ['#21 multiprotocol of five octets: ignored', withGood('01 05 0019004100')],
  ['#21 graceful restart of one octet: ignored', withGood('40 01 78')],
  ['#21 graceful restart of five octets: ignored', withGood('40 05 0078 000101')],
  ['#21 add-path of five octets: ignored', withGood('45 05 0001010300')],
  ['#21 extended next hop of five octets: ignored', withGood('05 05 0001000100')],
  ['#22 graceful restart twice: the last one counts', withGood('40 02 0078 40 02 003c')],
  ['#22 the same Role twice: one (RFC 9234 §4.2)', withGood('090103 090103'), provider],
  ['#22 two Roles that differ where we have none: ignored', withGood('090103 090104')],
  ['#21 #22 a Role of two octets: ignored, as if there were none', withGood('09020303'), provider],
  ['#23 a hostname longer than its capability: ignored', withGood('49 03 ff6162')],
  ['#23 a domain name longer than its capability: ignored', withGood('49 04 0161 ff62')],
  ['#23 a software version longer than its capability: ignored', withGood('4b 03 ff6162')],
  ['#23 a software version of no octets: ignored', withGood('4b 00')],
]
for (const [title, input, setup = {}] of accepted)
  t.test(`${title}; the session is as any other`, async (t) => {
    const lab = await InputLab.create(t, setup)
    const begin = async () => {
      const raw = await lab.dial()
      await raw.next()
      raw.send(input, keepalive)
      await until(() => lab.watched.peer('bad').state === 'Established' || raw.socket.destroyed)
      if (raw.socket.destroyed) throw new Error(`refused: ${lab.watched.peer('bad').lastError?.name}`)
      for (let message = 0; message < 3; message++) await raw.next() // our table
      return raw
    }
    const raw = await begin()
    t.equal((await lab.told(raw, before())).length, 1)
    await lab.bounded(20, async () => {
      for (let round = 0; round < 20; round++) {
        lab.renew()
        await begin()
        lab.witness.forget()
      }
    })
    lab.untouched()
  })

/** In the extended form (RFC 9072): capabilities 128 to 255 of no octets, again and again. */
function openOfThousand(): Uint8Array {
  const none = Array.from({ length: 1000 }, (_, i) => Uint8Array.of(128 + (i % 128), 0))
  const capabilities = concat(hex(`${mpIpv4} ${mpIpv6} ${as4}`), ...none)
  const octets = capabilities.length
  const head = Uint8Array.of(255, 255, (octets + 3) >>> 8, octets + 3, 2, octets >>> 8, octets)
  return message(1, concat(hex('04 fdea 005a 0a000002'), head, capabilities))
}

t.test('#22 the last of two graceful restart capabilities is the one that counts (RFC 5492 §5)', async (t) => {
  const lab = await InputLab.create(t)
  const two = [gracefulRestart({ restartTimeSec: 60 }), gracefulRestart({ restartTimeSec: 0 })] as const
  const raw = await lab.establish({ capabilities: [ipv4Unicast, ipv6Unicast, { type: 'four-octet-as', asNumber: 65002 }, ...two] })
  await lab.told(raw, before())
  raw.socket.end()
  await until(() => lab.watched.best.size === 1)
  t.equal(lab.watched.best.has('203.0.113.0/24'), false, 'restart time 0: nothing is kept')
  lab.untouched()
})

t.test('#25 an OPEN from an address that is no peer: RST, nothing is answered, one line in the log', async (t) => {
  const lab = await InputLab.create(t)
  const stranger = async () => lab.answers(await lab.dial('127.0.0.9'), good())
  t.strictSame(await stranger(), ['closed'])
  await lab.bounded(200, async () => {
    for (let round = 0; round < 200; round++) await stranger()
  })
  const lines = lab.watched.lines.filter(({ sentence }) => sentence === 'connection from an address that is no configured peer refused')
  t.strictSame(lines, [{ level: 'warn', sentence: lines[0]?.sentence, fields: { address: '127.0.0.9', refused: 1 } }])
  t.strictSame(
    lab.watched.speaker.peers().map(({ name }) => name),
    ['bad', 'witness'],
  )
  lab.untouched()
})
