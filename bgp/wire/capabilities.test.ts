import t from 'tap'
import { encodeCapability, readCapabilities } from './capabilities.ts'
import { hex, toHex } from './fixture.ts'
import type { Capability } from './message.ts'
import { Reader, ShortRead } from './reader.ts'

const read = (text: string) => readCapabilities(new Reader(hex(text), 0, hex(text).length))

const known: [title: string, bytes: string, capability: Capability][] = [
  ['RFC 4760 §8: multiprotocol', '01 04 0002 00 01', { type: 'multiprotocol', afi: 2, safi: 1 }],
  ['RFC 2918 §2: route refresh', '02 00', { type: 'route-refresh' }],
  ['RFC 8654 §3: extended messages', '06 00', { type: 'extended-message' }],
  [
    'RFC 8950 §4: IPv4 unicast with IPv6 next hops',
    '05 06 0001 0001 0002',
    { type: 'extended-next-hop', encodings: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
  ],
  ['RFC 9234 §4.1: role', '09 01 04', { type: 'role', value: 4 }],
  ['RFC 6793 §3: four-octet AS', '41 04 ffffffff', { type: 'four-octet-as', asNumber: 4294967295 }],
  [
    'RFC 4724 §3: graceful restart without families (End-of-RIB only)',
    '40 02 0000',
    { type: 'graceful-restart', restarting: false, notification: false, restartTimeSec: 0, families: [] },
  ],
  [
    'RFC 4724 §3: a restarting speaker that kept forwarding',
    '40 0a 8fff 0001 01 80 0002 01 00',
    {
      type: 'graceful-restart',
      restarting: true,
      notification: false,
      restartTimeSec: 4095,
      families: [
        { family: 'ipv4-unicast', forwardingPreserved: true },
        { family: 'ipv6-unicast', forwardingPreserved: false },
      ],
    },
  ],
  [
    'RFC 4724 §3: a family we do not know',
    '40 06 0078 0019 41 80',
    {
      type: 'graceful-restart',
      restarting: false,
      notification: false,
      restartTimeSec: 120,
      families: [{ family: { afi: 25, safi: 65 }, forwardingPreserved: true }],
    },
  ],
  [
    'RFC 8538 §2: the N bit',
    '40 02 4078',
    { type: 'graceful-restart', restarting: false, notification: true, restartTimeSec: 120, families: [] },
  ],
  [
    'RFC 7911 §4: add-path: receive, send, both',
    '45 0c 0001 01 01 0002 01 02 0019 41 03',
    {
      type: 'add-path',
      families: [
        { afi: 1, safi: 1, receive: true, send: false },
        { afi: 2, safi: 1, receive: false, send: true },
        { afi: 25, safi: 65, receive: true, send: true },
      ],
    },
  ],
  ['RFC 7313 §3.1: enhanced route refresh', '46 00', { type: 'enhanced-route-refresh' }],
  ['RFC 9494 §3.1: long-lived graceful restart of no family', '47 00', { type: 'long-lived-graceful-restart', families: [] }],
  [
    'RFC 9494 §3.1: a stale time of 24 bits for each family',
    '47 15 0001 01 80 ffffff 0002 01 00 000e10 0019 46 80 000000',
    {
      type: 'long-lived-graceful-restart',
      families: [
        { family: 'ipv4-unicast', forwardingPreserved: true, staleSec: 16777215 },
        { family: 'ipv6-unicast', forwardingPreserved: false, staleSec: 3600 },
        { family: { afi: 25, safi: 70 }, forwardingPreserved: true, staleSec: 0 },
      ],
    },
  ],
  ['RFC 5492 §3: an unknown capability', '49 03 026869', { type: 'unknown', code: 73, data: hex('026869') }],
]
for (const [title, bytes, capability] of known)
  t.test(title, async (t) => {
    t.strictSame(read(bytes), [capability])
    t.equal(toHex(encodeCapability(capability)), toHex(hex(bytes)))
  })

/** Not of their length: to be ignored, never read past. */
const odd: [title: string, bytes: string][] = [
  ['RFC 4760 §8: multiprotocol of three octets', '01 03 000200'],
  ['RFC 4760 §8: multiprotocol of five octets', '01 05 0002000100'],
  ['RFC 2918 §2: route refresh with a value', '02 01 00'],
  ['RFC 8654 §3: extended messages with a value', '06 01 00'],
  ['RFC 6793 §3: four-octet AS of two octets', '41 02 fde9'],
  ['RFC 4724 §3: graceful restart of no octets', '40 00'],
  ['RFC 4724 §3: graceful restart of one octet', '40 01 00'],
  ['RFC 4724 §3: graceful restart of five octets', '40 05 0078 000101'],
  ['RFC 7313 §3.1: enhanced route refresh with a value', '46 01 00'],
  ['RFC 9494 §3.1: long-lived graceful restart of six octets', '47 06 0001 01 80 0000'],
  ['RFC 9494 §3.1: long-lived graceful restart of eight octets', '47 08 0001 01 80 000000 00'],
  ['RFC 7911 §4: add-path of five octets', '45 05 0001010100'],
  ['RFC 8950 §4: extended next hop of five octets', '05 05 0001000100'],
  ['FQDN with an inner length over the outer one', '49 03 ff6869'],
]
for (const [title, bytes] of odd)
  t.test(title, async (t) => {
    const octets = hex(bytes)
    t.strictSame(read(`${bytes} 0200`), [{ type: 'unknown', code: octets[0], data: octets.slice(2) }, { type: 'route-refresh' }])
  })

t.test('RFC 4724 §3: the other restart flags and forwarding bits say nothing', async (t) => {
  t.strictSame(read('40 06 3078 0001 01 7f'), [
    {
      type: 'graceful-restart',
      restarting: false,
      notification: false,
      restartTimeSec: 120,
      families: [{ family: 'ipv4-unicast', forwardingPreserved: false }],
    },
  ])
})

t.test('RFC 5492 §4: the same capability twice is there twice', async (t) => {
  t.strictSame(read('41 04 00000001 41 04 00000002'), [
    { type: 'four-octet-as', asNumber: 1 },
    { type: 'four-octet-as', asNumber: 2 },
  ])
})

t.test('RFC 5492 §4: one that overruns', async (t) => {
  for (const bytes of ['02', '41 04 000000', '02 00 01 ff 00']) t.throws(() => read(bytes), ShortRead, bytes)
})

t.test('a value over 255 octets is a bug of ours', async (t) => {
  t.equal(encodeCapability({ type: 'unknown', code: 200, data: new Uint8Array(255) }).length, 257)
  t.throws(() => encodeCapability({ type: 'unknown', code: 200, data: new Uint8Array(256) }), RangeError)
})
