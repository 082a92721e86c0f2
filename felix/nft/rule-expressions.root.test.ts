/** What the kernel is given means what `nft` reads in it: every match and every action, in both families. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { Action, Match, Rule, TableName } from '../kernel.ts'
import { enterNetns } from '../test-netns.ts'
import { Batch } from './batch.ts'
import { hookPlace } from './names.ts'
import { addRules, type NftChain } from './nft-chain.ts'
import { NftSocket } from './nft-socket.ts'
import type { NftSet } from './set-elements.ts'

await enterNetns()
const socket = await NftSocket.open()
t.teardown(() => socket.close())

const tcp: Match = { type: 'protocol', protocol: 'tcp' }
const icmp = (family: 4 | 6): Match => ({ type: 'protocol', protocol: family === 4 ? 'icmp' : 'icmpv6' })
const ports = (...list: readonly (readonly [number, number])[]): Match => ({
  type: 'destination-ports',
  ports: list.map(([from, to]) => ({ from, to })),
})
const states = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'] as const
const family4 = { 4: 'ip', 6: 'ip6' } as const

/** Each match, and how `nft` reads it: in IPv4 "ip" and "icmp", and the same for IPv6 with its own words. */
function matches(family: 4 | 6): readonly (readonly [match: readonly Match[], text: string, negated: string])[] {
  const v4 = family === 4
  const [eight, odd, all] = (v4 ? ['10.0.0.0/8', '10.1.2.0/23', '0.0.0.0/0'] : ['fd00::/8', 'fc00::/7', '::/0']) as Cidr[]
  const [ip, type, unreachable] = [
    family4[family],
    v4 ? 'icmp type' : 'icmpv6 type',
    v4 ? 'destination-unreachable' : 'destination-unreachable',
  ]
  const [echo, unreached, code] = v4 ? [8, 3, 'icmp code net-unreachable'] : [128, 1, 'icmpv6 code no-route']
  return [
    [[{ type: 'in-interface', name: 'tort+' }], 'iifname "tort*"', 'iifname != "tort*"'],
    [[{ type: 'out-interface', name: 'eth0' }], 'oifname "eth0"', 'oifname != "eth0"'],
    [[{ type: 'protocol', protocol: 132 }], 'meta l4proto sctp', 'meta l4proto != sctp'],
    [[{ type: 'protocol', protocol: 'udplite' }], 'meta l4proto udplite', 'meta l4proto != udplite'],
    [[{ type: 'source-net', net: eight as Cidr }], `${ip} saddr ${eight}`, `${ip} saddr != ${eight}`],
    [[{ type: 'destination-net', net: odd as Cidr }], `${ip} daddr ${odd}`, `${ip} daddr != ${odd}`],
    [[{ type: 'source-net', net: all as Cidr }], `${ip} saddr ${all}`, `${ip} saddr != ${all}`],
    [[{ type: 'source-set', set: 'tort:a' }], `${ip} saddr @tort-a`, `${ip} saddr != @tort-a`],
    [
      [{ type: 'destination-set', set: 'tort:p', withPort: true }],
      `${ip} daddr . meta l4proto . th dport @tort-p`,
      `${ip} daddr . meta l4proto . th dport != @tort-p`,
    ],
    [
      [{ type: 'source-set', set: 'tort:p', withPort: true }],
      `${ip} saddr . meta l4proto . th sport @tort-p`,
      `${ip} saddr . meta l4proto . th sport != @tort-p`,
    ],
    [[tcp, ports([80, 80])], 'tcp dport 80', 'tcp dport != 80'],
    [[tcp, ports([80, 90])], 'tcp dport 80-90', 'tcp dport != 80-90'],
    [[tcp, ports([80, 80], [443, 443])], 'tcp dport { 80, 443 }', 'tcp dport != { 80, 443 }'],
    [[tcp, ports([0, 1], [80, 80], [60000, 65535])], 'tcp dport { 0-1, 80, 60000-65535 }', 'tcp dport != { 0-1, 80, 60000-65535 }'],
    [[tcp, { type: 'source-ports', ports: [{ from: 7, to: 7 }] }], 'tcp sport 7', 'tcp sport != 7'],
    [[icmp(family), { type: 'icmp', icmpType: echo }], `${type} echo-request`, `${type} != echo-request`],
    [
      [icmp(family), { type: 'icmp', icmpType: unreached, code: 0 }],
      `${type} ${unreachable} ${code}`,
      `${type} != ${unreachable} ${code.replace('code', 'code !=')}`, // one comparison of both octets
    ],
    [
      [{ type: 'mark', value: 0x8000_0000, mask: 0x8001_0000 }],
      'meta mark & 0x80010000 == 0x80000000',
      'meta mark & 0x80010000 != 0x80000000',
    ],
    [[{ type: 'conntrack', states: ['RELATED', 'ESTABLISHED'] }], 'ct state established,related', 'ct state ! established,related'],
    [
      [{ type: 'conntrack', states }],
      'ct state invalid,established,related,new,untracked',
      'ct state ! invalid,established,related,new,untracked',
    ],
    [[{ type: 'conntrack', states: ['DNAT'] }], 'ct status dnat', 'ct status ! dnat'],
    [[{ type: 'limit', count: 10, per: 'hour', burst: 6 }], 'limit rate 10/hour burst 6 packets', ''],
    [[{ type: 'address-type', side: 'source', addressType: 'LOCAL' }], 'fib saddr type local', ''],
    [[{ type: 'address-type', side: 'destination', addressType: 'UNICAST' }], 'fib daddr type unicast', ''],
  ]
}

const actions: readonly (readonly [Action, string])[] = [
  [{ type: 'accept' }, 'accept'],
  [{ type: 'drop' }, 'drop'],
  [{ type: 'return' }, 'return'],
  [{ type: 'reject' }, 'reject'],
  [{ type: 'jump', chain: 'tort-other' }, 'jump filter-tort-other'],
  [{ type: 'goto', chain: 'tort-other' }, 'goto filter-tort-other'],
  [{ type: 'set-mark', value: 0x10000, mask: 0x30000 }, 'meta mark set meta mark & 0xfffdffff | 0x00010000'],
  [{ type: 'set-mark', value: 0, mask: 0x30000 }, 'meta mark set meta mark & 0xfffcffff'],
  [{ type: 'log', prefix: 'a "quoted"\nword: ' }, `log prefix "a 'quoted'?word: " level notice`],
  [{ type: 'nflog', group: 116, prefix: 'allowed' }, 'log prefix "allowed" group 116'],
]

function negate(match: readonly Match[]): readonly Match[] {
  return match.map((one, i) => (i === match.length - 1 ? ({ ...one, negated: true } as Match) : one))
}

/** The rules of the chain as `nft` prints them, without counters and comments. */
async function listed(
  family: 4 | 6,
  table: TableName,
  kernelChain: string | undefined,
  rules: readonly Rule[],
): Promise<readonly string[]> {
  const batch = new Batch()
  const chain: NftChain = {
    family,
    table,
    name: `${table}-every`,
    rules,
    ...(kernelChain !== undefined && { place: hookPlace(table, kernelChain) }),
  }
  const sets: NftSet[] = [
    { family, name: 'tort-a', type: 'hash:ip', members: new Set() },
    { family, name: 'tort-p', type: 'hash:ip,port', members: new Set() },
  ]
  batch.addTable(family)
  batch.deleteTable(family)
  batch.addTable(family)
  for (const set of sets) batch.addSet(set)
  batch.addChain(family, `${table}-tort-other`)
  batch.addChain(family, chain.name, chain.place)
  addRules(batch, chain)
  const refusals = await socket.transact(batch)
  if (refusals.length > 0) throw new Error(JSON.stringify(refusals))
  const { stdout } = spawnSync('nft', ['-s', 'list', 'chain', family4[family], 'tortie', chain.name], { encoding: 'utf8' })
  const lines = stdout.split('\n').filter((line) => line.includes(' comment "'))
  return lines.map((line) =>
    line
      .trim()
      .replace(/ comment "[\w-]{16}"$/, '')
      .replace(/ ?counter ?/, '|'),
  )
}

for (const family of [4, 6] as const) {
  t.test(`every match there is, and its opposite, reads as it is meant (IPv${family})`, async (t) => {
    const all = matches(family)
    const negated = all.filter(([, , text]) => text !== '')
    const rules = [...all.map(([match]) => match), ...negated.map(([match]) => negate(match))]
    t.strictSame(
      await listed(
        family,
        'filter',
        undefined,
        rules.map((match) => ({ match, action: { type: 'drop' } })),
      ),
      [...all.map(([, text]) => `${text}|drop`), ...negated.map(([, , text]) => `${text}|drop`)],
    )
  })

  t.test(`every action there is (IPv${family})`, async (t) => {
    t.strictSame(
      await listed(
        family,
        'filter',
        undefined,
        actions.map(([action]) => ({ match: [], action })),
      ),
      actions.map(([, text]) => `|${text}`),
    )
    t.strictSame(
      await listed(family, 'raw', 'PREROUTING', [
        { match: [{ type: 'reverse-path', fails: true }], action: { type: 'drop' } },
        { match: [], action: { type: 'no-track' } },
      ]),
      ['fib saddr . mark . iif oif missing|drop', '|notrack'],
    )
    t.strictSame(await listed(family, 'nat', 'POSTROUTING', [{ match: [], action: { type: 'masquerade' } }]), ['|masquerade'])
  })
}

t.test('an interface of any name is no match', async (t) => {
  const rule: Rule = { match: [{ type: 'in-interface', name: '+' }], action: { type: 'drop' } }
  t.strictSame(await listed(4, 'filter', undefined, [rule]), ['|drop'])
})

t.test('states of conntrack or DNAT in one match is a bug, not a rule that says something else', async (t) => {
  const rule: Rule = { match: [{ type: 'conntrack', states: ['NEW', 'DNAT'] }], action: { type: 'drop' } }
  await t.rejects(listed(4, 'filter', undefined, [rule]), { message: 'a rule matches states of conntrack or DNAT, not either' })
  const negated: Rule = { match: [{ type: 'conntrack', states: ['NEW', 'DNAT'], negated: true }], action: { type: 'drop' } }
  t.strictSame(await listed(4, 'filter', undefined, [negated]), ['ct state ! new ct status ! dnat|drop'])
})
