import t from 'tap'
import { address, octets, path, RibLab } from '../rib/fixture.ts'
import { bgpdump } from './bgpdump.ts'
import { tableDump } from './table-dump.ts'

const node = {
  name: 'node-a',
  version: '1.0',
  asNumber: 65000,
  routerId: 0x0a00_0001,
  address: { ipv4: address('10.0.0.1'), ipv6: address('fd00::1') },
}
const options = { node, timeSec: 1_767_355_200, sinceSec: () => 1_767_355_000 }

t.test('bgpdump reads every route as it was received, and what this node originates', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { asNumber: 65001, address: address('10.0.0.2') }, { fourOctetAs: false })
  const b = lab.peer('b', { asNumber: 65000, address: address('fd00::3') })
  lab.originate(['10.1.0.0/16', 'fd00:1::/64'])
  a.announce(['10.2.0.0/16'], { asPath: path('65001 4200000000'), med: 5, fourOctetAs: false })
  b.announce(['10.2.0.0/16'], { localPref: 200, originatorId: 7, clusterList: [8] })
  b.announce(['fd00:2::/64'], { nextHop: octets('fd00::3'), localPref: 1 })
  a.announce(['10.3.0.0/16'], { asPath: path('65001 65000'), fourOctetAs: false })
  lab.settle()
  const lines = await bgpdump(t, Buffer.concat([...tableDump(lab.rib.reader, options)]))
  t.strictSame([...lines].sort(), [
    'TABLE_DUMP2|B|10.0.0.1|65000|10.1.0.0/16||IGP|10.0.0.1|100|0||NAG||',
    'TABLE_DUMP2|B|10.0.0.1|65000|fd00:1::/64||IGP|fd00::1|100|0||NAG||',
    'TABLE_DUMP2|B|10.0.0.2|65001|10.2.0.0/16|65001 4200000000|IGP|10.0.0.2|0|5||NAG||',
    'TABLE_DUMP2|B|10.0.0.2|65001|10.3.0.0/16|65001 65000|IGP|10.0.0.2|0|0||NAG||',
    'TABLE_DUMP2|B|fd00::3|65000|10.2.0.0/16||IGP|10.0.0.2|200|0||NAG||',
    'TABLE_DUMP2|B|fd00::3|65000|fd00:2::/64||IGP|fd00::3|1|0||NAG||',
  ])
})

t.test('a large table comes in pieces of bounded size, whatever becomes of it meanwhile', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const prefixes = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  for (let i = 0; i < prefixes.length; i += 500) a.announce(prefixes.slice(i, i + 500), { asPath: path(`65001 ${i + 1}`) })
  lab.settle()
  const pieces: Buffer[] = []
  for (const piece of tableDump(lab.rib.reader, options)) {
    pieces.push(piece)
    if (pieces.length !== 2) continue
    a.withdraw(prefixes.slice(10_000))
    lab.peer('late', { address: address('10.0.0.9') }).announce(['10.0.0.0/24', '192.0.2.0/24'])
    lab.settle()
  }
  t.ok(pieces.length > 5)
  t.ok(Math.max(...pieces.map(({ length }) => length)) < 80_000)
  const lines = await bgpdump(t, Buffer.concat(pieces))
  const dumped = lines.map((line) => line.split('|')[4])
  t.strictSame(dumped.slice(0, 10_000), prefixes.slice(0, 10_000))
  t.strictSame(new Set(lines.map((line) => line.split('|')[2])), new Set(['10.0.0.2']), 'who came later is in no index')
})

t.test('without routes there is an index alone', async (t) => {
  const file = Buffer.concat([...tableDump(new RibLab().rib.reader, options)])
  t.equal(file.readUInt32BE(8) + 12, file.length)
  t.strictSame(await bgpdump(t, file), [])
})
