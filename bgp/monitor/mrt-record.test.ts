import fc from 'fast-check'
import t from 'tap'
import { nlri, octets, path } from '../rib/fixture.ts'
import { address } from '../session/fixture.ts'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { bgpdump } from './bgpdump.ts'
import { type MrtPath, mrtAttributes, writePeerIndexTable, writeRib } from './mrt-record.ts'
import { OctetBuffer } from './octet-buffer.ts'

const peers = [
  { address: address('10.0.0.1'), asNumber: 65000, routerId: 0x0a00_0001 },
  { address: address('10.0.0.2'), asNumber: 4_200_000_000, routerId: 0x0a00_0002 },
  { address: address('fd00::3'), asNumber: 65003, routerId: 0x0a00_0003 },
]

function table(write: (buffer: OctetBuffer) => void): Buffer {
  const buffer = new OctetBuffer()
  writePeerIndexTable(buffer, 1_767_355_200, { routerId: 0x0a00_0001, name: 'main', peers })
  write(buffer)
  return buffer.take()
}

const encoded = (over: Partial<PathAttributes> = {}, nextHop = '10.0.0.2') => {
  const attributes: PathAttributes = { origin: 0, asPath: path('4200000000 7'), nextHop: octets(nextHop), unknown: [], ...over }
  const bytes = encodeAttributes(attributes, { fourOctetAs: true, internal: false })
  return mrtAttributes(bytes, attributes.nextHop.length === 4 ? new Uint8Array(0) : attributes.nextHop)
}

t.test('RFC 6396 §4.3.1: octets of the index', async (t) =>
  t.equal(
    table(() => {}).toString('hex'),
    `6957b340 000d 0001 0000003f 0a000001 0004 6d61696e 0003
     02 0a000001 0a000001 0000fde8 02 0a000002 0a000002 fa56ea00 03 0a000003 fd000000000000000000000000000003 0000fdeb`.replaceAll(
      /\s/g,
      '',
    ),
  ),
)

t.test('RFC 6396 §4.3.2: bgpdump reads both families, each path with its peer and attributes', async (t) => {
  const v4: MrtPath[] = [
    { peer: 1, sinceSec: 5, attributes: encoded({ med: 4_294_967_295, communities: [0xffff_ff01, (65000 << 16) | 1] }) },
    { peer: 2, sinceSec: 6, attributes: encoded({ asPath: path('65003'), origin: 2, atomicAggregate: true }) },
  ]
  const v6: MrtPath[] = [{ peer: 2, sinceSec: 7, attributes: encoded({ asPath: path('65003 9'), origin: 1 }, 'fd00::3') }]
  const file = table((buffer) => {
    writeRib(buffer, 1, { family: 'ipv4-unicast', sequence: 0, nlri: nlri(['10.2.0.0/16']), paths: v4 })
    writeRib(buffer, 1, { family: 'ipv4-unicast', sequence: 1, nlri: nlri(['0.0.0.0/0']), paths: v4.slice(0, 1) })
    writeRib(buffer, 1, { family: 'ipv6-unicast', sequence: 2, nlri: nlri(['fd00:2::/64']), paths: v6 })
  })
  t.strictSame(await bgpdump(t, file), [
    'TABLE_DUMP2|B|10.0.0.2|4200000000|10.2.0.0/16|4200000000 7|IGP|10.0.0.2|0|4294967295|no-export 65000:1|NAG||',
    'TABLE_DUMP2|B|fd00::3|65003|10.2.0.0/16|65003|INCOMPLETE|10.0.0.2|0|0||AG||',
    'TABLE_DUMP2|B|10.0.0.2|4200000000|0.0.0.0/0|4200000000 7|IGP|10.0.0.2|0|4294967295|no-export 65000:1|NAG||',
    'TABLE_DUMP2|B|fd00::3|65003|fd00:2::/64|65003 9|EGP|fd00::3|0|0||NAG||',
  ])
})

t.test('RFC 6396 §4.3.4: a global and a link-local next hop', async (t) => {
  const attributes = mrtAttributes(
    encodeAttributes({ origin: 0, asPath: path('65003'), nextHop: octets('fd00::3'), unknown: [] }, { fourOctetAs: true, internal: false }),
    Uint8Array.from([...octets('fd00::3'), ...octets('fe80::3')]),
  )
  const file = table((buffer) =>
    writeRib(buffer, 1, {
      family: 'ipv6-unicast',
      sequence: 0,
      nlri: nlri(['fd00:2::/64']),
      paths: [{ peer: 2, sinceSec: 0, attributes }],
    }),
  )
  t.strictSame(await bgpdump(t, file), ['TABLE_DUMP2|B|fd00::3|65003|fd00:2::/64|65003|IGP|fd00::3|0|0||NAG||'])
})

t.test('RFC 8050 §4: where paths have ids, the record is of the add-path kind', async (t) => {
  const buffer = new OctetBuffer()
  const paths = [1, 4_294_967_295].map((pathId): MrtPath => ({ peer: 1, sinceSec: 2, pathId, attributes: Uint8Array.of(0xaa) }))
  writeRib(buffer, 1, { family: 'ipv4-unicast', sequence: 3, nlri: nlri(['10.0.0.0/8']), paths })
  t.equal(
    buffer.take().toString('hex'),
    `00000001 000d 0008 00000022 00000003 08 0a 0002 0001 00000002 00000001 0001 aa 0001 00000002 ffffffff 0001 aa`.replaceAll(' ', ''),
  )
})

t.test('the length of a record is that of what follows it, whatever that is', async () =>
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 4096 }), { maxLength: 5 }), (blocks) => {
      const paths = blocks.map((attributes, i): MrtPath => ({ peer: i, sinceSec: 1, attributes }))
      const file = table((buffer) => writeRib(buffer, 1, { family: 'ipv6-unicast', sequence: 0, nlri: nlri(['fd00::/8']), paths }))
      const first = 12 + file.readUInt32BE(8)
      return file.length === first + 12 + file.readUInt32BE(first + 8)
    }),
  ),
)
