import { pino } from 'pino'
import t from 'tap'
import type { Family } from '../../src/net/address.ts'
import type { Chain, Rule } from '../kernel.ts'
import { makeNetns, type TestNetns } from '../test-netns.ts'
import { hashRules } from './chain-hash.ts'
import { ChainTable } from './chain-table.ts'
import { type Backend, toolName } from './iptables-tool.ts'

const jump = (chain: string, value?: number, mask = 0): Rule => ({
  match: value === undefined ? [] : [{ type: 'mark', value, mask }],
  action: { type: 'jump', chain },
})
const jumps = [
  jump('tort-pi-gnp/a'),
  jump('tort-pi-gnp/b', 0, 0x30000),
  jump('tort-pi-knp/shop/c', 0x10000, 0x10000),
  jump('tort-pri-kns.shop', 0x80000000, 0xc0000000),
  jump('tort-pri-ksa:a+b@c=d', 0x7, 0xffff),
]
const drop: Rule = { match: [], action: { type: 'drop' } }
const programmed = { changed: 0, repaired: 0, unprogrammed: new Map() }

/** What somebody else does to the chain `tort-every`. */
const disturbances: [title: string, input: string][] = [
  ['removed', '-D tort-every 2'],
  ['doubled', '-I tort-every 2 -m mark --mark 0x0/0x30000 -j tort-pi-gnp/b'],
  ['in the place of another', '-D tort-every 1\n-I tort-every 2 -j tort-pi-gnp/a'],
  ['behind another mark', '-R tort-every 2 -m mark --mark 0x0/0x10000 -j tort-pi-gnp/b'],
  ['behind no mark', '-R tort-every 2 -j tort-pi-gnp/b'],
  ['to another chain', '-R tort-every 1 -j tort-pi-gnp/b'],
  ['no way back', '-R tort-every 1 -g tort-pi-gnp/a'],
  ['with a comment', '-R tort-every 1 -m comment --comment "not ours" -j tort-pi-gnp/a'],
  ['of some packets', '-R tort-every 1 -p udp -j tort-pi-gnp/a'],
]

const places: [Backend, Family][] = [
  ['nft', 4],
  ['nft', 6],
  ['legacy', 4],
  ['legacy', 6],
]
for (const [backend, family] of places) {
  t.test(`jumps without comments on ${backend}, IPv${family}`, async (t) => {
    let netns: TestNetns
    let nowMs = 0
    const chain = (name: string, rules: readonly Rule[]): Chain => ({ family, table: 'filter', name, rules })
    const chains = [
      chain('tort-every', [...jumps, drop]),
      ...jumps.flatMap(({ action }) => ('chain' in action ? [chain(action.chain, [])] : [])),
    ]
    const start = async () => {
      const table = new ChainTable(
        { family, table: 'filter', backend },
        { run: netns.run, nowMs: () => nowMs, log: pino({ level: 'silent' }) },
      )
      table.setStated(chains, [])
      return { table, report: await table.apply(true) }
    }
    const every = async () =>
      (await netns.must(toolName(family, backend, 'save'), ['-t', 'filter'])).split('\n').filter((line) => line.startsWith('-A tort-every'))
    t.beforeEach(async () => {
      nowMs = 0
      netns = await makeNetns()
    })
    t.afterEach(() => netns.remove())

    t.test('they are printed as they were written', async (t) => {
      t.strictSame((await start()).report, { ...programmed, changed: chains.length })
      const { hashes } = hashRules('tort-every', jumps, family)
      t.strictSame(
        (await every()).slice(0, jumps.length),
        hashes.map((text) => `-A tort-every ${text}`),
      )
      t.strictSame((await start()).report, programmed, 'a restarted agent knows them again')
    })

    for (const [title, input] of disturbances) {
      t.test(`a jump ${title}: put right`, async (t) => {
        const { table } = await start()
        const before = await every()
        await netns.must(toolName(family, backend, 'restore'), ['--noflush'], `*filter\n${input}\nCOMMIT\n`)
        t.not((await every()).join(), before.join())
        nowMs = table.dueAtMs
        t.strictSame(await table.apply(true), { ...programmed, changed: 1, repaired: 1 })
        t.strictSame(await every(), before)
      })
    }
  })
}
