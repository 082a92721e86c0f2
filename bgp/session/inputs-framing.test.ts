/** Bad input #1 to #11: headers, framing, messages in the wrong state, NOTIFICATIONs, connections that say nothing. */
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { hex, message } from '../wire/fixture.ts'
import { until } from './fixture.ts'
import { before, InputLab, ipv6Unicast, notified, prefix, type Stage, updateOf, withdrawn } from './inputs-lab.ts'
import { endOfRib, ipv4Unicast, keepalive, marker, openMessage, type RawPeer } from './raw-peer.ts'

/** A message whose length field says what it will. */
const headerOf = (length: number, type: number) =>
  hex(`${marker} ${length.toString(16).padStart(4, '0')} ${type.toString(16).padStart(2, '0')}`)

const endings: readonly (readonly [title: string, stage: Stage, input: Uint8Array | readonly Uint8Array[], answers: readonly string[]])[] =
  [
    [
      '#1 a marker that is not all ones, before the OPEN: NOTIFICATION 1/1',
      'OpenSent',
      hex(`fe${marker.slice(2)} 0013 04`),
      notified(1, 1),
    ],
    [
      '#1 a marker that is not all ones, in a session: NOTIFICATION 1/1',
      'Established',
      hex(`${marker.slice(2)}00 0013 04`),
      notified(1, 1),
    ],
    ['#2 length 0: NOTIFICATION 1/2 with the length', 'Established', headerOf(0, 4), notified(1, 2, '0000')],
    ['#2 length 18: NOTIFICATION 1/2 with the length', 'OpenSent', headerOf(18, 1), notified(1, 2, '0012')],
    ['#3 length 4097 without extended messages: NOTIFICATION 1/2', 'Established', headerOf(4097, 2), notified(1, 2, '1001')],
    ['#3 length 65535 without extended messages: NOTIFICATION 1/2', 'Established', headerOf(65535, 2), notified(1, 2, 'ffff')],
    ['#4 a KEEPALIVE of 20 octets: NOTIFICATION 1/2', 'Established', headerOf(20, 4), notified(1, 2, '0014')],
    ['#4 an UPDATE of 22 octets: NOTIFICATION 1/2', 'Established', headerOf(22, 2), notified(1, 2, '0016')],
    ['#4 an OPEN of 28 octets: NOTIFICATION 1/2', 'OpenSent', headerOf(28, 1), notified(1, 2, '001c')],
    ['#5 type 0: NOTIFICATION 1/3 with the type', 'OpenSent', headerOf(19, 0), notified(1, 3, '00')],
    ['#5 type 6: NOTIFICATION 1/3 with the type', 'Established', headerOf(19, 6), notified(1, 3, '06')],
    ['#5 type 255: NOTIFICATION 1/3 with the type', 'Established', headerOf(19, 255), notified(1, 3, 'ff')],
    ['#7 an UPDATE in OpenSent: NOTIFICATION 5/1 (RFC 6608 §3)', 'OpenSent', endOfRib, notified(5, 1)],
    ['#7 an UPDATE in OpenConfirm: NOTIFICATION 5/2', 'OpenConfirm', endOfRib, notified(5, 2)],
    ['#7 an OPEN in Established: NOTIFICATION 5/3', 'Established', openMessage(), notified(5, 3)],
    ['#8 a NOTIFICATION without code or subcode: the end, no answer (RFC 4271 §6.4)', 'Established', message(3, ''), ['closed']],
    ['#8 a NOTIFICATION of 4 KiB: the end, no answer', 'Established', message(3, new Uint8Array(4077).fill(6)), ['closed']],
    ['#8 a NOTIFICATION instead of the OPEN: the end, no answer', 'OpenSent', message(3, '0202'), ['closed']],
    ['#8 a shutdown text longer than its message: the end, no answer', 'Established', message(3, '0602 ff 6869'), ['closed']],
  ]
for (const [title, stage, input, answers] of endings) t.test(title, async (t) => (await InputLab.create(t)).ends(stage, input, answers))

t.test('#3 an UPDATE of 65,535 octets where extended messages were agreed on: taken (RFC 8654 §4)', async (t) => {
  const { lab, raw } = await extended(t)
  await lab.told(raw, before())
  const large = updateOf('', '', `${prefix}${'200a0b0c0d'.repeat(13101)}080a00`)
  t.equal(large.length, 65535)
  t.strictSame(await lab.told(raw, large), [withdrawn])
  await lab.repeated(raw, 100, before(), large)
  lab.untouched()
})

t.test('#4 an OPEN over 4,096 octets where extended messages were agreed on: NOTIFICATION 1/2 (RFC 8654 §4)', async (t) => {
  const { lab, raw } = await extended(t)
  t.strictSame(await lab.answers(raw, headerOf(4097, 1)), notified(1, 2, '1001'))
  lab.untouched()
})

t.test('#6 messages octet by octet, and ten in one segment: the same as any', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish()
  const told = await lab.told(raw, before())
  const received = () => lab.watched.peer('bad').messages.received
  const already = received()
  const pair = Buffer.concat([updateOf('', '', prefix), before()])
  for (const octet of pair) raw.send(Uint8Array.of(octet))
  await until(() => received() === already + 2)
  raw.send(Buffer.concat(Array.from({ length: 4 }, () => pair)), Buffer.concat([keepalive, updateOf('', '', prefix)]))
  await until(() => received() === already + 12)
  t.strictSame((await lab.told(raw, before())).slice(-1), told)
  lab.untouched()
})

t.test('#6 FIN in the middle of a message: the session is lost, nothing is answered', async (t) => {
  const lab = await InputLab.create(t)
  const end = async () => {
    const raw = await lab.establish()
    raw.send(before().slice(0, 30))
    raw.socket.end()
    return lab.answers(raw)
  }
  t.strictSame(await end(), ['closed'])
  t.match(lab.watched.peer('bad'), { state: 'Idle', lastError: { name: 'TCP connection closed by the peer', direction: 'local' } })
  await lab.bounded(15, async () => {
    for (let round = 0; round < 15; round++) {
      lab.renew()
      await end()
    }
  })
  lab.untouched()
})

const texts: readonly (readonly [title: string, data: string, shown: string])[] = [
  ['ANSI and NUL', '0b 1b5b33316d 00 0a 7265 64 21', '[31m  red!'],
  ['no UTF-8', '04 ff c3 28 41', '��(A'],
  ['text of 128 octets and more behind it', `80 ${'61'.repeat(128)} 6262`, 'a'.repeat(128)],
]
for (const [title, data, shown] of texts)
  t.test(`#8 a shutdown text with ${title}: the end, no answer, and the text is safe to show`, async (t) => {
    const lab = await InputLab.create(t)
    await lab.ends('Established', message(3, `0602 ${data}`), ['closed'])
    const text = lab.watched.peer('bad').lastError?.message ?? ''
    t.equal(text, shown.trim())
    t.notMatch(text, /[\p{Cc}]/u)
  })

t.test('#10 thousands of connections from a stranger and from the peer: two at most live, the second session goes on', async (t) => {
  const lab = await InputLab.create(t)
  const storm = async (from: string, living: number) => {
    for (let round = 0; round < 10; round++) {
      const raws = await Promise.all(Array.from({ length: 50 }, () => lab.dial(from)))
      await until(() => raws.filter(({ socket }) => !socket.destroyed).length <= living)
      await Promise.all(raws.map(async (raw) => silent(raw)))
    }
  }
  await lab.bounded(500, async () => {
    await storm('127.0.0.9', 0)
    lab.renew()
    await storm('127.0.0.2', 2)
  })
  const warnings = lab.watched.lines.filter(({ sentence }) => sentence.startsWith('connection from an address that is no configured peer'))
  t.equal(warnings.length, 1, 'strangers are logged once in a while, not once each')
  lab.untouched()
})

/** Ends a connection from our side, whatever the speaker did with it. */
async function silent({ socket }: RawPeer): Promise<void> {
  if (socket.destroyed) return
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resetAndDestroy()
  await closed
}

async function extended(t: Parameters<typeof InputLab.create>[0]) {
  const lab = await InputLab.create(t)
  const capabilities = [ipv4Unicast, ipv6Unicast, { type: 'four-octet-as', asNumber: 65002 }, { type: 'extended-message' }] as const
  const raw = await lab.establish({ capabilities })
  return { lab, raw }
}

/** Segments this kernel has dropped, by their name in /proc/net/netstat. */
async function drops(counter: RegExp): Promise<number> {
  const lines = (await readFile('/proc/net/netstat', 'utf8')).split('\n').filter((line) => line.startsWith('TcpExt:'))
  const [names = [], values = []] = lines.map((line) => line.split(' '))
  return names.reduce((sum, name, i) => (counter.test(name) ? sum + Number(values[i]) : sum), 0)
}

t.test('#11 segments without the key of the peer: dropped by the kernel, the speaker sees nothing (RFC 2385)', async (t) => {
  const lab = await InputLab.create(t, { peer: { password: 'secret' } })
  const earlier = await drops(/^TCPMD5(NotFound|Unexpected|Failure)$/)
  const socket = connect({ host: '127.0.0.1', port: lab.port, localAddress: '127.0.0.2' })
  t.teardown(() => socket.destroy())
  let connected = false
  socket
    .on('error', () => {})
    .on('connect', () => {
      connected = true
    })
  while ((await drops(/^TCPMD5(NotFound|Unexpected|Failure)$/)) === earlier) await pause(10)
  t.match(lab.watched.peer('bad'), { state: /Active|Connect|Idle/, messages: { received: 0, sent: 0 } })
  t.equal(connected, false)
  lab.untouched()
})
