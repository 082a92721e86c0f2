import t from 'tap'
import { baseChainName, chainName, hookPlace, setName } from './names.ts'

t.test('names say the table of iptables, and hold nothing that nft cannot read', async (t) => {
  t.equal(chainName({ table: 'filter', name: 'tort-pi-gnp/web' }), 'filter-tort-pi-gnp/web')
  t.equal(baseChainName({ table: 'raw', kernelChain: 'PREROUTING' }), 'raw-PREROUTING')
  t.equal(setName('tort4s:a-b_c'), 'tort4s-a-b_c')
})

const places: readonly (readonly [Parameters<typeof hookPlace>, ReturnType<typeof hookPlace>])[] = [
  [['raw', 'PREROUTING'], { type: 'filter', hook: 0, priority: -300 }],
  [['mangle', 'PREROUTING'], { type: 'filter', hook: 0, priority: -150 }],
  [['mangle', 'OUTPUT'], { type: 'route', hook: 3, priority: -150 }],
  [['nat', 'PREROUTING'], { type: 'nat', hook: 0, priority: -100 }],
  [['nat', 'OUTPUT'], { type: 'nat', hook: 3, priority: -100 }],
  [['filter', 'INPUT'], { type: 'filter', hook: 1, priority: 0 }],
  [['filter', 'FORWARD'], { type: 'filter', hook: 2, priority: 0 }],
  [['nat', 'POSTROUTING'], { type: 'nat', hook: 4, priority: 100 }],
]
for (const [[table, chain], place] of places) {
  t.test(`${table} ${chain} is called where the kernel calls it`, async (t) => t.strictSame(hookPlace(table, chain), place))
}

t.test('a chain that iptables has not is a bug', async (t) => {
  t.throws(() => hookPlace('filter', 'TEST'), { message: 'iptables has no chain TEST' })
})
