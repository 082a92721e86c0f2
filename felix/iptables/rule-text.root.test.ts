import { pino } from 'pino'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { Action, Chain, Match } from '../kernel.ts'
import { makeNetns } from '../test-netns.ts'
import { ChainTable } from './chain-table.ts'

const ports = [
  { from: 80, to: 80 },
  { from: 1000, to: 2000 },
]

function everyMatch(family: 4 | 6, negated: boolean): Match[][] {
  const tcp: Match = { type: 'protocol', protocol: 'tcp' }
  const icmp: Match = { type: 'protocol', protocol: family === 4 ? 'icmp' : 'icmpv6' }
  const net = (family === 4 ? '10.0.0.0/8' : 'fd00::/8') as Cidr
  return [
    [{ type: 'in-interface', name: 'tort+', negated }],
    [{ type: 'out-interface', name: 'eth0', negated }],
    [{ type: 'protocol', protocol: 132, negated }],
    [{ type: 'source-net', net, negated }],
    [{ type: 'destination-net', net, negated }],
    [{ type: 'source-set', set: `tort${family}s:a`, negated }],
    [{ type: 'destination-set', set: `tort${family}p:b`, withPort: true, negated }],
    [tcp, { type: 'source-ports', ports, negated }],
    [tcp, { type: 'destination-ports', ports, negated }],
    [icmp, { type: 'icmp', icmpType: 8, negated }],
    [icmp, { type: 'icmp', icmpType: 3, code: 0, negated }],
    [{ type: 'mark', value: 0x80000000, mask: 0xffff0000, negated }],
    [{ type: 'conntrack', states: ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED', 'DNAT'], negated }],
    [{ type: 'limit', count: 10, per: 'hour', burst: 5 }],
    [{ type: 'address-type', side: 'source', addressType: 'LOCAL' }],
    [{ type: 'address-type', side: 'destination', addressType: 'UNICAST' }],
  ]
}

const everyAction: Action[] = [
  { type: 'accept' },
  { type: 'drop' },
  { type: 'return' },
  { type: 'reject' },
  { type: 'jump', chain: 'tort-other' },
  { type: 'goto', chain: 'tort-other' },
  { type: 'set-mark', value: 0x10000, mask: 0x30000 },
  { type: 'log', prefix: 'tortie: a longer one than the kernel takes' },
  { type: 'nflog', group: 1, prefix: `${'long '.repeat(20)}` },
]

for (const backend of ['nft', 'legacy'] as const) {
  for (const family of [4, 6] as const) {
    t.test(`every match and action there is: the kernel takes it and its hashes are read back (${backend}, IPv${family})`, async (t) => {
      const netns = await makeNetns()
      t.teardown(() => netns.remove())
      const inet = family === 4 ? 'inet' : 'inet6'
      await netns.must('ipset', ['create', `tort${family}s:a`, 'hash:ip', 'family', inet])
      await netns.must('ipset', ['create', `tort${family}p:b`, 'hash:ip,port', 'family', inet])
      const comment = 'A "quoted" word, \\ a backslash; $HOME\n-A FORWARD -j DROP'
      const filter: Chain[] = [
        {
          family,
          table: 'filter',
          name: 'tort-every',
          rules: [
            ...[false, true].flatMap((negated) =>
              everyMatch(family, negated).map((match) => ({ match, action: { type: 'drop' } as const, comment })),
            ),
            ...everyAction.map((action) => ({ match: [], action })),
          ],
        },
        { family, table: 'filter', name: 'tort-other', rules: [] },
      ]
      const rpf = { match: [{ type: 'reverse-path', fails: true }], action: { type: 'drop' } } as const
      const raw: Chain[] = [{ family, table: 'raw', name: 'tort-rpf', rules: [rpf] }]
      for (const [name, chains] of [['filter', filter] as const, ['raw', raw] as const]) {
        const make = () =>
          new ChainTable({ family, table: name, backend }, { run: netns.run, nowMs: () => 0, log: pino({ level: 'silent' }) })
        const table = make()
        table.setStated(chains, [])
        t.strictSame(await table.apply(true), { changed: chains.length, repaired: 0, unprogrammed: new Map() })
        const reader = make()
        reader.setStated(chains, [])
        t.strictSame(await reader.apply(true), { changed: 0, repaired: 0, unprogrammed: new Map() })
      }
    })
  }
}
