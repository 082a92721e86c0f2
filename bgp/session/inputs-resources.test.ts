/** Bad input #68 to #75 and #79: peers that do not read, flap, storm, restart and lie about what they are. */
import t from 'tap'
import { type Cidr, parseCidr } from '../../src/net/prefix.ts'
import { concat, hex, message } from '../wire/fixture.ts'
import { address, freePort, peerConfig, speakerFor, until } from './fixture.ts'
import { announced, before, InputLab, ipv6Unicast, mandatory, nextHop, origin, pathOf, prefix, updateOf } from './inputs-lab.ts'
import { gracefulRestart, ipv4Unicast, openMessage, RawPeer } from './raw-peer.ts'

const as4 = { type: 'four-octet-as', asNumber: 65002 } as const
function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new Error(`${text} is no prefix`)
  return parsed
}

t.test('#68 a peer that stops reading: what is kept for it is as large as the table, however often that changes', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish()
  raw.socket.pause()
  const prefixes = 20_000
  const churn = (round: number) =>
    Array.from({ length: prefixes / 500 }, (_, i) => {
      const nlri = Array.from({ length: 500 }, (_, k) => `18${(0x0a_0000 + i * 500 + k).toString(16).padStart(6, '0')}`).join('')
      return round % 2 === 0 ? updateOf(concat(origin, pathOf('external', 65003, 1000 + round), nextHop), nlri) : updateOf('', '', nlri)
    })
  const received = () => lab.watched.peer('witness').messages.received
  const churnOften = async () => {
    for (let round = 0; round < 20; round++) {
      const wanted = received() + prefixes / 500
      lab.witness.send(...churn(round))
      await until(() => received() >= wanted)
    }
  }
  await lab.bounded(20, churnOften, 50 * prefixes)
  t.equal(lab.watched.peer('bad').state, 'Established')
  lab.witness.send(...churn(20))
  raw.socket.resume()
  await until(() => lab.watched.peer('bad').families['ipv4-unicast']?.advertised === prefixes + 1)
  lab.untouched()
})

t.test('#70 a peer that connects and is refused again and again: answered less and less often', async (t) => {
  const lab = await InputLab.create(t)
  const began = performance.now()
  let answered = 0
  for (let attempt = 0; attempt < 300; attempt++) {
    const raw = await lab.dial()
    if ((await lab.answers(raw, openMessage({ myAs: 65009 })))[0] !== 'closed') answered++
  }
  // The IdleHoldTimer is 0.1, 1, 2, 4 … seconds, three quarters of it at least.
  const waitedSec = (performance.now() - began) / 1000 / 0.75
  const allowed = [0, 0.1, 1.1, 3.1, 7.1, 15.1, 31.1, 63.1].filter((sec) => sec <= waitedSec).length
  t.ok(answered <= allowed, `${answered} of 300 attempts were answered, at most ${allowed} in this time`)
  await lab.bounded(200, async () => {
    for (let attempt = 0; attempt < 200; attempt++) await lab.answers(await lab.dial(), openMessage({ myAs: 65009 }))
  })
  lab.untouched()
})

const routeRefresh = (afi: number, subtype: number, safi: number, more = '') =>
  message(5, `${afi.toString(16).padStart(4, '0')} ${subtype.toString(16).padStart(2, '0')} ${safi.toString(16).padStart(2, '0')} ${more}`)

t.test('#71 a storm of ROUTE-REFRESH: the table is owed once, not once each (RFC 2918 §4)', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish({ capabilities: [ipv4Unicast, ipv6Unicast, as4, { type: 'route-refresh' }] })
  raw.forget()
  await lab.repeated(raw, 5000, routeRefresh(1, 0, 1))
  const { updatesSent } = lab.watched.peer('bad').messages
  t.ok(updatesSent < 1000, `${updatesSent} UPDATEs for 10,000 requests`)
  lab.untouched()
})

const refreshes: readonly (readonly [title: string, input: Uint8Array])[] = [
  ['of a family that was not agreed on', routeRefresh(25, 0, 65)],
  ['with outbound filters longer than the message (RFC 5291)', routeRefresh(1, 0, 1, '01 40 ffff 00')],
  ['BoRR without EoRR (RFC 7313), not agreed on', routeRefresh(1, 1, 1)],
  ['EoRR alone, not agreed on', routeRefresh(1, 2, 1)],
  ['of a subtype nobody knows', routeRefresh(1, 255, 1)],
]
for (const [title, input] of refreshes)
  t.test(`#71 ROUTE-REFRESH ${title}: no route is lost, the session stays`, async (t) => {
    const lab = await InputLab.create(t)
    const raw = await lab.establish({ capabilities: [ipv4Unicast, ipv6Unicast, as4, { type: 'route-refresh' }] })
    await lab.told(raw, before())
    t.strictSame(await lab.told(raw, input), [])
    t.ok(lab.watched.best.has('203.0.113.0/24'))
    await lab.repeated(raw, 1000, input)
    lab.untouched()
  })

const both = [ipv4Unicast, ipv6Unicast, as4] as const
const preserved = [{ family: 'ipv4-unicast', forwardingPreserved: true }] as const

t.test('#72 a peer of restarts that loses TCP: its routes stay; back with the F bit 0 they go at once (RFC 4724 §4.2)', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish({ capabilities: [...both, gracefulRestart({ families: preserved })] })
  t.equal((await lab.told(raw, before())).length, 1)
  raw.socket.end()
  await until(() => lab.watched.peer('bad').families['ipv4-unicast']?.stale === 2)
  const cold = [{ family: 'ipv4-unicast', forwardingPreserved: false }] as const
  await until(() => lab.watched.peer('bad').state === 'Active')
  await lab.establish({ capabilities: [...both, gracefulRestart({ families: cold, restarting: true })] })
  t.equal(await lab.witness.nextOctets(), Buffer.from(updateOf('', '', '19c0000280 18cb0071').subarray(16)).toString('hex'))
  lab.untouched()
})

t.test('#72 a peer of restarts that comes back without them: its routes go at once', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish({ capabilities: [...both, gracefulRestart({ families: preserved })] })
  await lab.told(raw, before())
  raw.socket.end()
  await until(() => lab.watched.peer('bad').state === 'Active')
  t.equal(lab.watched.best.get('203.0.113.0/24'), '192.0.2.1')
  await lab.establish()
  t.equal(await lab.witness.nextOctets(), Buffer.from(updateOf('', '', '19c0000280 18cb0071').subarray(16)).toString('hex'))
  lab.untouched()
})

t.test('#73 50 of 500 peers flap at once: the others notice nothing', async (t) => {
  const port = await freePort()
  const { speaker, best } = speakerFor(t, port)
  const at = (i: number) => `127.0.${2 + Math.floor(i / 200)}.${1 + (i % 200)}`
  speaker.setPeers(
    Array.from({ length: 500 }, (_, i) => peerConfig({ name: `p${i}`, address: address(at(i)), port, passive: true, export: 'local' })),
  )
  await speaker.start()
  const raws = await Promise.all(
    Array.from({ length: 500 }, async (_, i) => {
      const raw = await RawPeer.dial(at(i), '127.0.0.1', port)
      t.teardown(() => raw.socket.destroy())
      await raw.establish({ routerId: 0x0a01_0000 + i })
      raw.send(updateOf(concat(origin, pathOf('old', 65002), nextHop), `18${(0x0a_0000 + i).toString(16).padStart(6, '0')}`))
      return raw
    }),
  )
  await until(() => best.size === 500)
  const rest = () =>
    speaker
      .peers()
      .slice(50)
      .map(({ state, since, flaps }) => ({ state, since, flaps }))
  const undisturbed = rest()
  for (const raw of raws.slice(0, 50)) raw.reset()
  await until(() => best.size === 450)
  t.strictSame(rest(), undisturbed)
  t.strictSame([undisturbed.every(({ state }) => state === 'Established'), speaker.faults], [true, 0])
})

t.test('#74 a peer announces what is ours, a more specific of it, and everything: ours stays the best', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish()
  lab.watched.speaker.originate([cidr('203.0.113.0/24')])
  const own = announced('400101 00 400206 0201 0000fde9 400304 7f000001')
  t.equal(await lab.witness.nextOctets(), own)
  t.strictSame(await lab.told(raw, updateOf(mandatory, `${prefix} 19cb007180 00`)), [
    announced('400101 00 40020a 0202 0000fde9 0000fdea 400304 7f000001', '19cb007180 00'),
  ])
  t.strictSame([lab.watched.best.has('203.0.113.0/24'), lab.watched.best.has('127.0.0.0/8')], [false, false])
  const { routes } = lab.watched.speaker.routes({ table: 'best', prefix: cidr('203.0.113.0/24'), limit: 1 })
  t.match(routes, [{ decidedBy: 'local', paths: [{ peer: 'local' }, { peer: 'bad' }] }])
  lab.watched.speaker.originate([])
  t.equal(await lab.witness.nextOctets(), announced('400101 00 40020a 0202 0000fde9 0000fdea 400304 7f000001'))
  lab.untouched()
})

t.test('#79 what a peer says of itself and why it ends is text, nothing else', async (t) => {
  const lab = await InputLab.create(t)
  const capability = (code: number, text: string) => ({ type: 'unknown', code, data: Buffer.from(text) }) as const
  const nasty = '<script>alert(1)</script>\n__proto__\u001b[2J'
  const name = Buffer.concat([Buffer.of(nasty.length), Buffer.from(nasty), Buffer.of(9), Buffer.from('__proto__')])
  const raw = await lab.establish({
    capabilities: [...both, { type: 'unknown', code: 73, data: name }, capability(75, `\u0040${'x'.repeat(64)}`)],
  })
  t.notMatch(JSON.stringify(lab.watched.peer('bad')), /[\p{Cc}]/u)
  await lab.answers(raw, message(3, concat(hex('0602'), Buffer.of(nasty.length), Buffer.from(nasty))))
  const { lastError } = lab.watched.peer('bad')
  t.equal(lastError?.message, '<script>alert(1)</script> __proto__ [2J')
  t.equal(Object.getPrototypeOf(JSON.parse(JSON.stringify(lab.watched.peer('bad')))), Object.prototype)
  lab.untouched()
})
