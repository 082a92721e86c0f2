import fc from 'fast-check'
import t from 'tap'
import type { Capability } from '../wire/message.ts'
import { capabilityName } from './capability-name.ts'

const unknown = (code: number, ...data: readonly number[]): Capability => ({ type: 'unknown', code, data: Uint8Array.from(data) })
const words = (text: string) => [Buffer.byteLength(text), ...Buffer.from(text)]

const table: [title: string, capability: Capability, name: string][] = [
  ['a family this speaker knows, by its name', { type: 'multiprotocol', afi: 2, safi: 1 }, 'multiprotocol ipv6-unicast'],
  ['another family, by its numbers', { type: 'multiprotocol', afi: 25, safi: 70 }, 'multiprotocol 25/70'],
  ['RFC 2918', { type: 'route-refresh' }, 'route-refresh'],
  ['RFC 6793', { type: 'four-octet-as', asNumber: 4_200_000_000 }, 'four-octet-as 4200000000'],
  [
    'RFC 4724, with the R bit',
    { type: 'graceful-restart', restarting: true, notification: true, restartTimeSec: 120, families: [] },
    'graceful-restart 120s restarting',
  ],
  [
    'RFC 7911: which way',
    {
      type: 'add-path',
      families: [
        { afi: 1, safi: 1, receive: true, send: true },
        { afi: 2, safi: 1, receive: true, send: false },
      ],
    },
    'add-path ipv4-unicast:both ipv6-unicast:receive',
  ],
  ['RFC 7911 of a wrong length has its name alone', unknown(69, 0, 1, 1), 'add-path'],
  ['RFC 9234', { type: 'role', value: 3 }, 'role customer'],
  ['RFC 9234: a role nobody knows', { type: 'role', value: 200 }, 'role 200'],
  ['RFC 7313', { type: 'enhanced-route-refresh' }, 'enhanced-route-refresh'],
  [
    'RFC 9494: the longest stale time',
    {
      type: 'long-lived-graceful-restart',
      families: [
        { family: 'ipv4-unicast', forwardingPreserved: true, staleSec: 60 },
        { family: 'ipv6-unicast', forwardingPreserved: true, staleSec: 3600 },
      ],
    },
    'long-lived-graceful-restart 3600s',
  ],
  ['RFC 9494 of a wrong length has its name alone', unknown(71, 0, 1), 'long-lived-graceful-restart'],
  ['a host name and its domain', unknown(73, ...words('tor1'), ...words('example.net')), 'fqdn tor1.example.net'],
  ['a host name without domain', unknown(73, ...words('tor1'), 0), 'fqdn tor1'],
  ['input 23: an inner length over the outer one is not read past', unknown(73, 200, 65), 'fqdn'],
  ['input 79: a host name with an escape sequence', unknown(73, ...words('\u001b[2Jtor1\n')), 'fqdn [2Jtor1'],
  ['the software of the peer', unknown(75, ...words('FRRouting/10.1')), 'software-version FRRouting/10.1'],
  ['a name of IANA without RFC', unknown(77), 'link-local-next-hop'],
  ['nobody has a name for it', unknown(200, 1, 2, 3), 'capability 200'],
]
for (const [title, capability, name] of table) t.test(`RFC 5492: ${title}`, async (t) => t.equal(capabilityName(capability), name))

t.test('any octets have a name, of one line', async () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 255 }), (code, data) =>
      /^[^\p{Cc}\p{Cf}]+$/u.test(capabilityName({ type: 'unknown', code, data })),
    ),
  ),
)
