import t from 'tap'
import { ruleText } from '../felix/iptables/rule-text.ts'
import { type Packet, walk } from '../policy/chain-walk.ts'
import { isIpPool } from '../src/model/ip-pool.ts'
import { calico, stored } from '../src/model/sample-resources.ts'
import type { IpAddress } from '../src/net/address.ts'
import { natOutgoing } from './pool-nat.ts'

const pools = [
  { cidr: '10.244.0.0/16', natOutgoing: true },
  { cidr: '10.1.0.0/16', natOutgoing: true, disabled: true },
  { cidr: '10.2.0.1/32', natOutgoing: false, blockSize: 32 },
  { cidr: 'fd00:244::/48', natOutgoing: true },
  { cidr: 'fd00:245::1/128', blockSize: 128 },
].map((spec) => stored(calico('IPPool', spec)))
const plan = natOutgoing(pools.filter(isIpPool))

t.test('one chain a family, as iptables takes it', async (t) => {
  t.strictSame(
    plan.chains.flatMap(({ table, family, name, rules }) => rules.map((rule) => `${table} ${name} ${ruleText(rule, family)}`)),
    [
      'nat tort-nat-outgoing -m set --match-set tort4i:nat src -m set ! --match-set tort4i:pools dst -j MASQUERADE',
      'nat tort-nat-outgoing -m set --match-set tort6i:nat src -m set ! --match-set tort6i:pools dst -j MASQUERADE',
    ],
  )
  t.strictSame(
    plan.ipSets.map(({ name, members }) => [name, [...members]]),
    [
      ['tort4i:pools', ['10.1.0.0/16', '10.2.0.1/32', '10.244.0.0/16']],
      ['tort4i:nat', ['10.1.0.0/16', '10.244.0.0/16']],
      ['tort6i:pools', ['fd00:244::/48', 'fd00:245::1/128']],
      ['tort6i:nat', ['fd00:244::/48']],
    ],
  )
})

t.test('where no pool of a family asks for it, nothing of it is there', async (t) => {
  const none = { chains: [], hooks: [], ipSets: [] }
  t.strictSame(natOutgoing([]), none)
  t.strictSame(natOutgoing(pools.filter(isIpPool).filter(({ spec }) => !spec.natOutgoing)), none)
})

const table: [title: string, source: string, destination: string, masqueraded: boolean][] = [
  ['from a pool to the world', '10.244.1.7', '192.0.2.1', true],
  ['from a pool to a node', '10.244.1.7', '10.99.0.2', true],
  ['a disabled pool goes on as before (§6.8)', '10.1.0.9', '192.0.2.1', true],
  ['inside a pool', '10.244.1.7', '10.244.2.7', false],
  ['to another pool, whether that asks for it or not', '10.244.1.7', '10.2.0.1', false],
  ['from a pool that does not ask for it', '10.2.0.1', '192.0.2.1', false],
  ['from the node itself', '10.99.0.1', '192.0.2.1', false],
  ['IPv6 from a pool to the world', 'fd00:244::7', '2001:db8::1', true],
  ['IPv6 to another pool', 'fd00:244::7', 'fd00:245::1', false],
]
for (const [title, source, destination, masqueraded] of table) {
  t.test(`${title}: ${masqueraded ? 'masqueraded' : 'left as it is'}`, async (t) => {
    const packet: Packet = {
      inInterface: '',
      outInterface: 'eth0',
      source: source as IpAddress,
      destination: destination as IpAddress,
      protocol: 6,
      state: 'NEW',
      mark: 0,
    }
    t.equal(walk(plan, 'nat', 'POSTROUTING', packet).verdict, masqueraded ? 'accept' : 'end')
  })
}
