import t from 'tap'
import type { PolicyRule } from '../src/model/rule-shape.ts'
import type { Family } from '../src/net/address.ts'
import { chainText } from './chain-text.ts'
import { resolveRules } from './draft-rule.ts'
import { ruleMatches } from './rule-matches.ts'
import { type SetSource, setKey } from './sets/set-source.ts'

/** Each alternative as one line; a set is shown as what it is made from. */
function lines(rule: Omit<PolicyRule, 'action'>, family: Family): readonly string[] {
  const sets = (source: SetSource) => `<${setKey(source)}>`
  const alternatives = resolveRules([{ action: 'Deny', ...rule }], '').flatMap((one) => ruleMatches(one, family, sets))
  return alternatives.map((match) => {
    const text = chainText({ family, table: 'filter', name: 'c', rules: [{ match, action: { type: 'drop' } }] })
    return text.replace(/^-A c ?/, '').replace(/ ?-j DROP$/, '')
  })
}

const any = ['']
const never: readonly string[] = []
const singles = (from: number, count: number) => [...Array(count).keys()].map((i) => from + 2 * i)

type Row = readonly [title: string, rule: Omit<PolicyRule, 'action'>, ipv4: readonly string[], ipv6: readonly string[]]

const protocols: readonly Row[] = [
  ['an empty rule is any packet', {}, any, any],
  ['ipVersion renders one family', { ipVersion: 6 }, never, any],
  ['a protocol by name, whatever its case', { protocol: 'Tcp' }, ['-p tcp'], ['-p tcp']],
  ['a protocol by number that has a name', { protocol: 17 }, ['-p udp'], ['-p udp']],
  ['a protocol by number', { protocol: 47 }, ['-p 47'], ['-p 47']],
  ['notProtocol', { notProtocol: 'SCTP' }, ['! -p sctp'], ['! -p sctp']],
  ['protocol and another notProtocol need one match', { protocol: 'TCP', notProtocol: 'UDP' }, ['-p tcp'], ['-p tcp']],
  ['protocol and the same notProtocol never match', { protocol: 'TCP', notProtocol: 6 }, never, never],
  ['ICMP is IPv4 only', { protocol: 'ICMP' }, ['-p icmp'], never],
  ['ICMPv6 is IPv6 only', { protocol: 'ICMPv6' }, never, ['-p icmpv6']],
  ['type and code', { protocol: 1, icmp: { type: 3, code: 4 } }, ['-p icmp --icmp-type 3/4'], never],
  ['notICMP', { protocol: 'ICMPv6', notICMP: { type: 128 } }, never, ['-p icmpv6 ! --icmp-type 128']],
  [
    'both, of one type',
    { protocol: 'ICMP', icmp: { type: 3 }, notICMP: { type: 3, code: 1 } },
    ['-p icmp --icmp-type 3 ! --icmp-type 3/1'],
    never,
  ],
  ['an ICMP type of another protocol never matches', { protocol: 'TCP', icmp: { type: 8 } }, never, never],
  ['notICMP demands nothing of another protocol', { protocol: 'TCP', notICMP: { type: 8 } }, ['-p tcp'], ['-p tcp']],
  ['notICMP without protocol means ICMP', { notICMP: { type: 8 } }, ['-p icmp ! --icmp-type 8'], ['-p icmpv6 ! --icmp-type 8']],
]

const addresses: readonly Row[] = [
  ['one net is matched directly', { source: { nets: ['10.0.0.0/8'] } }, ['-s 10.0.0.0/8'], never],
  ['a bare address is a net', { destination: { nets: ['fd00::1'] } }, never, ['-d fd00::1/128']],
  [
    'several nets are one set, sorted',
    { source: { nets: ['10.2.0.0/16', '10.1.0.0/16', '10.2.0.0/16'] } },
    ['--match-set <nets 10.1.0.0/16 10.2.0.0/16> src'],
    never,
  ],
  ['of nets of both families each takes its own', { source: { nets: ['10.0.0.0/8', 'fd00::/8'] } }, ['-s 10.0.0.0/8'], ['-s fd00::/8']],
  ['a negated net of the other family demands nothing', { source: { notNets: ['10.0.0.0/8'] } }, ['! -s 10.0.0.0/8'], any],
  [
    'several negated nets are one negated set',
    { destination: { notNets: ['10.1.0.0/16', '10.2.0.0/16'] } },
    ['! --match-set <nets 10.1.0.0/16 10.2.0.0/16> dst'],
    any,
  ],
  [
    'a negated net beside a positive one is a set: iptables takes -s and -d once a rule',
    { destination: { nets: ['10.0.0.0/8'], notNets: ['10.9.0.0/16'] } },
    ['-d 10.0.0.0/8 ! --match-set <nets 10.9.0.0/16> dst'],
    never,
  ],
  ['nets that do not parse leave the rule out, never open', { source: { nets: ['10.0.0.300/8'] } }, never, never],
  [
    'all of it is asked for at once',
    { source: { nets: ['10.0.0.0/8'], notNets: ['10.9.0.0/16'], selector: 'has(a)', notSelector: 'has(b)' } },
    ['-s 10.0.0.0/8 --match-set <selector has(a)> src ! --match-set <nets 10.9.0.0/16> src ! --match-set <selector has(b)> src'],
    never,
  ],
]

const tcp = { protocol: 'TCP' }
const ports: readonly Row[] = [
  ['one port', { ...tcp, destination: { ports: [80] } }, ['-p tcp --dports 80'], ['-p tcp --dports 80']],
  ['source ports', { ...tcp, source: { ports: ['1:5', 9] } }, ['-p tcp --sports 1:5,9'], ['-p tcp --sports 1:5,9']],
  [
    'more than 15 slots are alternatives',
    { ...tcp, ipVersion: 4, destination: { ports: singles(1, 16) } },
    [`-p tcp --dports ${singles(1, 15).join()}`, '-p tcp --dports 31'],
    never,
  ],
  [
    'more than 15 negated slots all stand in one rule',
    { ...tcp, ipVersion: 4, destination: { notPorts: singles(1, 16) } },
    [`-p tcp ! --dports ${singles(1, 15).join()} ! --dports 31`],
    never,
  ],
  [
    'a named port is a set of address and port',
    { ipVersion: 4, destination: { ports: ['http', 'dns'] } },
    ['--match-set <named-ports dns http> dst,dst'],
    never,
  ],
  [
    'numbers and names are alternatives',
    { ...tcp, ipVersion: 4, destination: { ports: [80, 'http'] } },
    ['-p tcp --dports 80', '-p tcp --match-set <named-ports http> dst,dst'],
    never,
  ],
  [
    'negated numbers and names must both not hold',
    { ...tcp, ipVersion: 4, source: { notPorts: [80, 'http'] } },
    ['-p tcp ! --sports 80 ! --match-set <named-ports http> src,src'],
    never,
  ],
  [
    'alternatives of both ends are multiplied',
    { ...tcp, ipVersion: 4, source: { ports: [1, 'a'] }, destination: { ports: [2, 'b'] } },
    [
      '-p tcp --sports 1 --dports 2',
      '-p tcp --sports 1 --match-set <named-ports b> dst,dst',
      '-p tcp --match-set <named-ports a> src,src --dports 2',
      '-p tcp --match-set <named-ports a> src,src --match-set <named-ports b> dst,dst',
    ],
    never,
  ],
  ['numbers without a protocol that has ports never match', { destination: { ports: [80] } }, never, never],
]

const sections: readonly (readonly [string, readonly Row[]])[] = [
  ['protocol', protocols],
  ['addresses', addresses],
  ['ports', ports],
]
for (const [section, rows] of sections) {
  for (const [title, rule, ipv4, ipv6] of rows) {
    t.test(`§6.1 ${section}: ${title}`, async (t) => {
      t.strictSame(lines(rule, 4), ipv4, 'IPv4')
      t.strictSame(lines(rule, 6), ipv6, 'IPv6')
    })
  }
}
