import t from 'tap'
import { encodeAttributes } from './encode-attributes.ts'
import { hex, toHex } from './fixture.ts'
import type { PathAttributes } from './path-attributes.ts'

const toInternal = { fourOctetAs: true, internal: true }
const toExternal = { fourOctetAs: true, internal: false }
const toOld = { fourOctetAs: false, internal: false }

const least: PathAttributes = {
  origin: 0,
  asPath: [{ type: 'sequence', asNumbers: [65001] }],
  nextHop: hex('0a000001'),
  unknown: [],
}
const most: PathAttributes = {
  ...least,
  med: 4294967295,
  localPref: 200,
  atomicAggregate: true,
  aggregator: { asNumber: 70000, address: 0xff000001 },
  communities: [0xffffff01],
  largeCommunities: [[4294967295, 1, 2]],
  originatorId: 0xff000002,
  clusterList: [0xff000003, 4],
  unknown: [
    { flags: 0xc0, type: 16, data: hex('0002fde800000001') },
    { flags: 0xe0, type: 200, data: hex('ab') },
  ],
}

const start = '40010100 400206 02010000fde9 4003040a000001'
const table: [title: string, attributes: PathAttributes, context: typeof toInternal, expected: string][] = [
  ['RFC 4271 §5: what must be there', least, toExternal, start],
  ['RFC 4271 §5.1.5: LOCAL_PREF goes to internal peers, with 100 where there is none', least, toInternal, `${start} 40050400000064`],
  ['RFC 4271 §5.1.2: an empty path', { ...least, asPath: [] }, toExternal, '40010100 400200 4003040a000001'],
  [
    'RFC 4760 §3: NEXT_HOP of 16 octets belongs to MP_REACH_NLRI',
    { ...least, nextHop: new Uint8Array(16) },
    toExternal,
    start.slice(0, -15),
  ],
  [
    'RFC 4271 §5: all of them to an internal peer, in ascending order',
    most,
    toInternal,
    `${start} 800404ffffffff 400504000000c8 400600 c00708 00011170ff000001 c00804ffffff01
     800904ff000002 800a08 ff00000300000004 c01008 0002fde800000001 c0200c ffffffff0000000100000002 e0c801ab`,
  ],
  [
    'RFC 4456 §8: LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST stay inside',
    most,
    toExternal,
    `${start} 800404ffffffff 400600 c00708 00011170ff000001 c00804ffffff01
     c01008 0002fde800000001 c0200c ffffffff0000000100000002 e0c801ab`,
  ],
  [
    'RFC 6793 §4.2.2: an OLD speaker gets AS_TRANS, AS4_PATH and AS4_AGGREGATOR',
    { ...most, asPath: [{ type: 'sequence', asNumbers: [65001, 70000] }] },
    toOld,
    `40010100 400206 0202fde95ba0 4003040a000001 800404ffffffff 400600 c00706 5ba0ff000001 c00804ffffff01
     c01008 0002fde800000001 c0110a 02020000fde900011170 c01208 00011170ff000001
     c0200c ffffffff0000000100000002 e0c801ab`,
  ],
  ['RFC 6793 §4.2.2: no AS4_PATH where two octets do', least, toOld, '40010100 400204 0201fde9 4003040a000001'],
  [
    'RFC 4271 §4.3: 255 octets need no extended length',
    { ...least, unknown: [{ flags: 0xe0, type: 99, data: new Uint8Array(255) }] },
    toExternal,
    `${start} e063ff ${'00'.repeat(255)}`,
  ],
  [
    'RFC 7606 §7.8: lists without values are left out',
    { ...least, communities: [], largeCommunities: [], clusterList: [] },
    toInternal,
    `${start} 40050400000064`,
  ],
  [
    'RFC 4271 §4.3: the Extended Length flag follows the length',
    {
      ...least,
      unknown: [
        { flags: 0xf0, type: 99, data: hex('01') },
        { flags: 0xe0, type: 100, data: new Uint8Array(256) },
      ],
    },
    toExternal,
    `${start} e0630101 f0640100 ${'00'.repeat(256)}`,
  ],
]
for (const [title, attributes, context, expected] of table)
  t.test(title, async (t) => t.equal(toHex(encodeAttributes(attributes, context)), toHex(hex(expected))))
