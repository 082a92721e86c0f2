import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { PeerConfig } from '../peer.ts'
import { accept, filter, matching, reject } from '../policy/fixture.ts'
import { localAs, path, RibLab, type Sent } from './fixture.ts'

type Over = Partial<Omit<PeerConfig, 'asNumber'>> & { asNumber?: number }

const learned = '10.1.0.0/24'
const own = '10.9.0.0/24'

/** What a peer is told of one learned route and one of our own. */
function told(over: Over, sent: Sent = {}, from: Over = {}) {
  const lab = new RibLab()
  const b = lab.peer('b', { asNumber: 65002, ...over })
  lab.originate([own])
  lab.peer('a', from).announce([learned], sent)
  lab.settle()
  const { known } = b
  return [known[learned], known[own]]
}

const via = 'origin 0, via 10.0.0.1'
const noExport = 0xffff_ff01
const otc = { flags: 0xc0, type: 35, data: Uint8Array.of(0, 0, 0, 7) }

const table: readonly [title: string, over: Over, sent: Sent, expected: readonly (string | undefined)[], from?: Over][] = [
  ['RFC 4271 §5.1.2, §5.1.3: our AS, our address', {}, {}, [`path ${localAs} 65001, ${via}`, `path ${localAs}, ${via}`]],
  [
    'RFC 7705 §3.1 local AS: it, then our own',
    { localAs: 64999 as never },
    {},
    [`path 64999 ${localAs} 65001, ${via}`, `path 64999 ${localAs}, ${via}`],
  ],
  ['RFC 7705 §3.3 local AS alone', { localAs: 64999 as never, replaceAs: true }, {}, [`path 64999 65001, ${via}`, `path 64999, ${via}`]],
  [
    'RFC 7705 §4 a peer of our local AS is inside: the path as it is, LOCAL_PREF',
    { localAs: 65002 as never },
    {},
    ['path 65001, origin 0, via 10.0.0.2, localPref 100', `${via}, localPref 100`],
  ],
  [
    'RFC 6996 private AS numbers leave the path',
    { removePrivateAs: true, asNumber: 7 },
    { asPath: path('65001 3 64512') },
    [`path ${localAs} 3, ${via}`, `path ${localAs}, ${via}`],
  ],
  [
    "RFC 6996 the peer's own stays",
    { removePrivateAs: true },
    { asPath: path('65001 3 65002') },
    [`path ${localAs} 3 65002, ${via}`, `path ${localAs}, ${via}`],
  ],
  ['next hop keep, to outside', { nextHop: 'keep' }, {}, [`path ${localAs} 65001, origin 0, via 10.0.0.2`, `path ${localAs}, ${via}`]],
  [
    'next hop auto, to inside: as received',
    { asNumber: localAs },
    {},
    ['path 65001, origin 0, via 10.0.0.2, localPref 100', `${via}, localPref 100`],
  ],
  ['next hop self, to inside', { asNumber: localAs, nextHop: 'self' }, {}, [`path 65001, ${via}, localPref 100`, `${via}, localPref 100`]],
  ['RFC 1997 NO_EXPORT stays inside', {}, { communities: [noExport] }, [undefined, `path ${localAs}, ${via}`]],
  [
    'RFC 9234 §5 what is marked goes to no provider',
    { role: { local: 'customer', strict: false } },
    { unknown: [otc] },
    [undefined, `path ${localAs}, ${via}`],
  ],
  [
    'RFC 9234 §5 what came from a provider goes to no peer',
    { role: { local: 'peer', strict: false } },
    {},
    [undefined, `path ${localAs}, ${via}, unknown 35 c0 0000fde8`], // ONLY_TO_CUSTOMER with our AS
    { role: { local: 'customer', strict: false } },
  ],
  ['export none', { export: 'none' }, {}, [undefined, undefined]],
  ['export local', { export: 'local' }, {}, [undefined, `path ${localAs}, ${via}`]],
  ['RFC 4271 §5.1.4 a MED that was received goes no further', {}, { med: 5 }, [`path ${localAs} 65001, ${via}`, `path ${localAs}, ${via}`]],
]
for (const [title, over, sent, expected, from] of table) t.test(title, async (t) => t.strictSame(told(over, sent, from), expected))

t.test('RFC 9234 §5 egress 1: customers are told with our AS as mark, and a mark that is there stays', async (t) => {
  const lab = new RibLab()
  const b = lab.peer('b', { asNumber: 65002, role: { local: 'provider', strict: false } })
  lab.originate([own])
  lab.peer('a').announce([learned], { unknown: [otc] })
  lab.settle()
  const { routes } = b.reader.readAll()
  const marks = [own, learned].map((prefix) => routes.get(prefix)?.unknown)
  t.strictSame(marks, [[{ ...otc, data: Uint8Array.of(0, 0, localAs >>> 8, localAs & 255) }], [otc]])
})

const tor = filter('tor', [
  { ...matching('in 10.1.0.0/16'), learned: true, ...accept, operations: [{ type: 'prepend-as-path', asNumbers: [8, 9] }] },
  { ...matching('in 10.9.0.0/16'), ...accept, operations: [{ type: 'add-community', community: 7 }] },
  { ...matching('in 10.2.0.0/16'), ...reject },
])

t.test('§6.11.3 a filter decides before `export` does: it lets learned routes out, and keeps our own in', async (t) => {
  const lab = new RibLab()
  lab.rib.setPolicy({ filters: [tor] })
  const b = lab.peer('b', { asNumber: 65002, export: 'local', exportFilters: ['tor'] })
  lab.originate([own, '10.2.0.0/24', '10.1.1.0/24', '10.8.0.0/24'])
  lab.peer('a').announce([learned, '10.3.0.0/24'])
  lab.settle()
  t.strictSame(b.known, {
    [learned]: `path ${localAs} 8 9 65001, ${via}`,
    [own]: `path ${localAs}, ${via}, communities 7`,
    '10.1.1.0/24': `path ${localAs}, ${via}`,
    '10.8.0.0/24': `path ${localAs}, ${via}`,
  })
})

t.test('§6.11.3 setPriority is LOCAL_PREF = 2147483647 - priority to internal peers, and nothing to external ones', async (t) => {
  const lab = new RibLab()
  lab.rib.setPolicy({ filters: [filter('p', [{ ...accept, operations: [{ type: 'set-priority', priority: 512 }] }])] })
  const inside = lab.peer('i', { asNumber: localAs, exportFilters: ['p'] })
  const outside = lab.peer('o', { asNumber: 65002, exportFilters: ['p'] })
  lab.originate([own])
  lab.settle()
  t.strictSame([inside.known, outside.known], [{ [own]: `${via}, localPref 2147483135` }, { [own]: `path ${localAs}, ${via}` }])
})

t.test('RFC 1997, RFC 4456: no filter accepts what the protocol forbids', async (t) => {
  const lab = new RibLab()
  lab.rib.setPolicy({ filters: [filter('all', [accept])] })
  const inside = lab.peer('i', { asNumber: localAs, exportFilters: ['all'] })
  const outside = lab.peer('o', { asNumber: 65002, exportFilters: ['all'] })
  lab.peer('a', { asNumber: localAs }).announce(['10.1.0.0/24'])
  lab.peer('e').announce(['10.2.0.0/24'], { communities: [noExport] })
  lab.settle()
  t.strictSame([Object.keys(inside.known), Object.keys(outside.known)], [['10.2.0.0/24'], ['10.1.0.0/24']])
})

t.test('a changed filter: members of the group are told the differences and nothing else', async (t) => {
  const lab = new RibLab()
  lab.rib.setPolicy({ filters: [tor] })
  const b = lab.peer('b', { asNumber: 65002, exportFilters: ['tor'] })
  const c = lab.peer('c', { asNumber: 65003 })
  lab.originate([own, '10.2.0.0/24', '10.8.0.0/24'])
  lab.settle()
  b.reader.readAll()
  c.reader.readAll()
  b.reader.events.length = 0
  c.reader.events.length = 0
  lab.rib.setPolicy({ filters: [filter('tor', [{ ...matching('in 10.8.0.0/16'), ...reject }])] })
  lab.settle()
  t.strictSame(b.reader.readAll().events.sort(), ['+ 10.2.0.0/24', `+ ${own}`, '- 10.8.0.0/24'])
  t.strictSame(c.reader.readAll().events, [])
  lab.rib.setPolicy({ filters: [] })
  lab.settle()
  t.strictSame(b.known, {}, 'a filter that is missing lets nothing out')
  lab.rib.setPolicy({ filters: [tor] })
  lab.settle()
  t.strictSame(Object.keys(b.known).sort(), ['10.8.0.0/24', own])
})

t.test('a changed filter and a table that changes meanwhile', async (t) => {
  const lab = new RibLab()
  const many = Array.from({ length: 6000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  lab.rib.setPolicy({ filters: [filter('f', [accept])] })
  const b = lab.peer('b', { asNumber: 65002, exportFilters: ['f'] })
  const a = lab.peer('a')
  a.announce(many.slice(0, 5000))
  lab.settle()
  b.reader.readAll()
  lab.rib.setPolicy({ filters: [filter('f', [{ ...matching('in 10.0.0.0/16'), ...reject }])] })
  lab.rib.flush(0)
  a.withdraw(many.slice(0, 3000))
  lab.rib.flush(0)
  a.announce(many.slice(5000))
  lab.settle()
  t.strictSame(Object.keys(b.known).sort(), many.slice(3000).sort())
})

t.test('§6.11.4 what is not exported, and communities of prefix advertisements, live', async (t) => {
  const lab = new RibLab()
  const b = lab.peer('b', { asNumber: 65002 })
  lab.originate([own, '10.8.0.0/24'])
  lab.settle()
  t.equal(Object.keys(b.known).length, 2)
  lab.rib.setPolicy({
    notExported: ['10.8.0.0/16' as Cidr],
    advertisements: [{ cidr: '10.9.0.0/16' as Cidr, communities: [5, [1, 2, 3]] }],
  })
  lab.settle()
  t.strictSame(b.known, { [own]: `path ${localAs}, ${via}, communities 5, large 1:2:3` })
})
