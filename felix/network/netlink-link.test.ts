import fc from 'fast-check'
import t from 'tap'
import { addressMessage, linkMessage, readFirst, type TestAttribute, testMessage, typedLinkMessage } from '../test-netlink.ts'
import { ipipRequest, linkChangeRequest, linkDumpRequest, readLink } from './netlink-link.ts'

const [NEWLINK, DELLINK, NEWADDR] = [16, 17, 20]

const name: TestAttribute = [3, Buffer.from('tort1\0')]
const mtu: TestAttribute = [4, new Uint8Array(Uint32Array.of(1400).buffer)]
const tort1 = { index: 7, name: 'tort1', up: true, mtu: 0, ipip: false }
const links: [title: string, bytes: Uint8Array, expected: unknown][] = [
  ['IFF_UP is up, with or without carrier', linkMessage(NEWLINK, 0, 0x1003, name), { link: tort1, gone: false }],
  ['without IFF_UP it is down', linkMessage(NEWLINK, 0, 0x1002, name), { link: { ...tort1, up: false }, gone: false }],
  ['IFLA_MTU is its MTU', linkMessage(NEWLINK, 0, 1, name, mtu), { link: { ...tort1, mtu: 1400 }, gone: false }],
  ['ARPHRD_TUNNEL is IP-in-IP', typedLinkMessage(NEWLINK, 768, 0, 1, name), { link: { ...tort1, ipip: true }, gone: false }],
  ['ARPHRD_SIT is not', typedLinkMessage(NEWLINK, 776, 0, 1, name), { link: tort1, gone: false }],
  ['RTM_DELLINK: it is gone', linkMessage(DELLINK, 0, 0, name), { link: { ...tort1, up: false }, gone: true }],
  ['RTM_DELLINK of AF_BRIDGE: it only left a bridge', linkMessage(DELLINK, 7, 1, name), undefined],
  ['without a name it says nothing', linkMessage(NEWLINK, 0, 1), undefined],
  ['an address message is no link', addressMessage(NEWADDR, 2, 24), undefined],
]
for (const [title, bytes, expected] of links) t.test(title, async (t) => t.same(readFirst(readLink, bytes), expected))

const header = (length: string, flags: string): string => `${length}000000${'1000'}${flags}0300000000000000`
const body = (index: string, flags: string, change: string): string => `00000000${index}${flags}${change}`
const requests: [title: string, bytes: Uint8Array, hex: string][] = [
  [
    'bringing a link up changes IFF_UP and no other flag',
    linkChangeRequest(7, { up: true }, 3),
    header('20', '0500') + body('07000000', '01000000', '01000000'),
  ],
  [
    'taking it down names the same flag',
    linkChangeRequest(7, { up: false }, 3),
    header('20', '0500') + body('07000000', '00000000', '01000000'),
  ],
  [
    'an MTU alone changes no flag',
    linkChangeRequest(7, { mtu: 1480 }, 3),
    `${header('28', '0500')}${body('07000000', '00000000', '00000000')}${'08000400c8050000'}`,
  ],
  [
    'an IP-in-IP device is asked for by kind, and must be new',
    ipipRequest('tunl0', 3),
    `${header('3c', '0506')}${body('00000000', '00000000', '00000000')}${'0a00030074756e6c30000000'}${'10001200'}${'090001006970697000000000'}`,
  ],
]
for (const [title, bytes, hex] of requests) t.test(title, async (t) => t.equal(Buffer.from(bytes).toString('hex'), hex))

t.test('a dump carries a whole body, as NETLINK_GET_STRICT_CHK demands', async (t) => t.equal(linkDumpRequest(1).length, 32))

t.test('noise never throws', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(NEWLINK, DELLINK), (noise, type) => {
      readFirst(readLink, testMessage(type, noise, []))
    }),
  )
})
