import fc from 'fast-check'
import t from 'tap'
import { address } from '../session/fixture.ts'
import { endOfRib } from '../wire/end-of-rib.ts'
import { encodeNotification } from '../wire/notification.ts'
import { encodeOpen } from '../wire/open.ts'
import { readBmp } from './bmp-collector.ts'
import {
  type BmpAbout,
  type BmpPeerDown,
  type BmpView,
  writeInitiation,
  writePeerDown,
  writePeerUp,
  writeRouteMonitoring,
  writeStatistics,
  writeTermination,
} from './bmp-message.ts'
import { OctetBuffer } from './octet-buffer.ts'

const peer = { address: address('10.0.0.2'), asNumber: 4_200_000_000, routerId: 0x0a00_0002 }
const about = (view: BmpView, over: Partial<BmpAbout['peer']> = {}): BmpAbout => ({
  view,
  peer: { ...peer, ...over },
  timeMs: 1_767_355_200_123.5,
})

function written(write: (into: OctetBuffer) => void): Buffer {
  const into = new OctetBuffer()
  write(into)
  return into.take()
}

t.test('RFC 7854 §4.3: octets of Initiation', async (t) =>
  t.equal(
    written((into) => writeInitiation(into, { name: 'node-a', description: 'Tortie' })).toString('hex'),
    '03 0000001a 04 0001 0006 546f72746965 0002 0006 6e6f64652d61'.replaceAll(' ', ''),
  ),
)

t.test('RFC 7854 §4.2: octets of a header about an IPv4 peer', async (t) =>
  t.equal(
    written((into) => writePeerDown(into, about('received'), { reason: 'remote' })).toString('hex'),
    `03 00000031 02 00 00 0000000000000000 000000000000000000000000 0a000002 fa56ea00 0a000002 6957b340 0001e26c 04`.replaceAll(' ', ''),
  ),
)

const views: [title: string, view: BmpView, address: string, type: number, flags: number][] = [
  ['RFC 7854 §4.2: Adj-RIB-In before policy', 'received', '10.0.0.2', 0, 0],
  ['RFC 7854 §4.2: Adj-RIB-In after policy, L flag', 'accepted', '10.0.0.2', 0, 0x40],
  ['RFC 8671 §4: Adj-RIB-Out after policy, O and L flags', 'advertised', '10.0.0.2', 0, 0x50],
  ['RFC 7854 §4.2: an IPv6 peer, V flag', 'accepted', 'fd00::2', 0, 0xc0],
  ['RFC 9069 §4.1: the Loc-RIB is a peer of type 3, without flags', 'best', 'fd00::2', 3, 0],
]
for (const [title, view, text, type, flags] of views)
  t.test(title, async (t) => {
    const message = written((into) => writeRouteMonitoring(into, about(view, { address: address(text) }), endOfRib('ipv4-unicast')))
    t.strictSame([message[6], message[7]], [type, flags])
    const said = view === 'best' ? '' : ` ${text}`
    t.strictSame(readBmp(message), [`route ${view}${said} AS 4200000000 end ipv4-unicast`])
    if (view === 'best') t.equal(message.subarray(8, 32).toString('hex'), '0'.repeat(48), 'its address is zero')
  })

t.test('RFC 7854 §4.2: AS paths of an OLD speaker, A flag', async (t) => {
  const message = written((into) => writeRouteMonitoring(into, { ...about('accepted'), twoOctetAs: true }, endOfRib('ipv4-unicast')))
  t.equal(message[7], 0x60)
})

const downs: [title: string, down: BmpPeerDown, read: string][] = [
  ['we sent a NOTIFICATION', { reason: 'local-notification', message: encodeNotification(6, 2) }, 'local notification 6/2'],
  ['we ended without one: the event', { reason: 'local', fsmEvent: 24 }, 'local event 24'],
  ['the peer sent a NOTIFICATION', { reason: 'remote-notification', message: encodeNotification(4, 0) }, 'remote notification 4/0'],
  ['the peer closed TCP', { reason: 'remote' }, 'remote'],
  ['nobody is told any more', { reason: 'not-monitored' }, 'not monitored'],
]
for (const [title, down, read] of downs)
  t.test(`RFC 7854 §4.9: ${title}`, async (t) =>
    t.strictSame(readBmp(written((into) => writePeerDown(into, about('received'), down))), [
      `down received 10.0.0.2 AS 4200000000 ${read}`,
    ]),
  )

const open = (routerId: number) =>
  encodeOpen({ type: 'open', version: 4, myAs: 23456, holdTimeSec: 90, routerId, capabilities: [{ type: 'route-refresh' }] })

t.test('RFC 7854 §4.10: Peer Up holds both OPENs as they were', async (t) => {
  const session = { localAddress: address('10.0.0.1'), localPort: 179, remotePort: 40_000, sent: open(1), received: open(0xff00_0002) }
  t.strictSame(readBmp(written((into) => writePeerUp(into, about('received'), session))), [
    'up received 10.0.0.2 AS 4200000000 10.0.0.1:179 40000 open 0.0.0.1 route-refresh open 255.0.0.2 route-refresh',
  ])
})

t.test('RFC 9069 §4.4: the Loc-RIB comes up with its name', async (t) => {
  const session = { localPort: 0, remotePort: 0, sent: open(1), received: open(1) }
  t.strictSame(readBmp(written((into) => writePeerUp(into, about('best'), session))), [
    'up best AS 4200000000 0.0.0.0:0 0 open 0.0.0.1 route-refresh open 0.0.0.1 route-refresh 3=global',
  ])
})

t.test('RFC 7854 §4.8: counters of 32 bits, gauges of 64, gauges of a family', async (t) => {
  const statistics = [
    { type: 4, value: 4_294_967_295, is32Bit: true },
    { type: 7, value: 2 ** 40 + 1 },
    { type: 9, value: 5, family: 'ipv6-unicast' as const },
  ]
  t.strictSame(readBmp(written((into) => writeStatistics(into, about('received'), statistics))), [
    'statistics received 10.0.0.2 AS 4200000000 4=4294967295 7=1099511627777 9 2/1=5',
  ])
})

t.test('RFC 7854 §4.5: the last word', async (t) =>
  t.strictSame(readBmp(written((into) => writeTermination(into, 'outOfResources'))), ['termination 2']),
)

t.test('what is said of a node is read as it was said, whatever it is', async () =>
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, description) => {
      const [line] = readBmp(written((into) => writeInitiation(into, { name, description })))
      return line === `initiation sysDescr ${description}, sysName ${name}`.toWellFormed()
    }),
  ),
)
