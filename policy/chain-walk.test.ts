import t from 'tap'
import type { Action, Chain, IpSet, Match, Rule } from '../felix/kernel.ts'
import type { IpAddress } from '../src/net/address.ts'
import { type Packet, type WalkResult, walk } from './chain-walk.ts'

const packet: Packet = {
  inInterface: 'eth0',
  outInterface: 'tort1',
  source: '10.0.0.1' as IpAddress,
  destination: '192.0.2.1' as IpAddress,
  protocol: 6,
  sourcePort: 1000,
  destinationPort: 80,
  state: 'NEW',
  mark: 0xff,
}
const ipSets: readonly IpSet[] = [
  { name: 'ips', type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) },
  { name: 'nets', type: 'hash:net', family: 4, members: new Set(['192.0.2.0/24']) },
  { name: 'ports', type: 'hash:ip,port', family: 4, members: new Set(['192.0.2.1,tcp:80']) },
]

function run(rules: readonly Rule[], chains: Readonly<Record<string, readonly Rule[]>> = {}, sent: Packet = packet): WalkResult {
  const others = Object.entries(chains).map(([name, list]): Chain => ({ family: 4, table: 'filter', name, rules: list }))
  const own: Chain = { family: 4, table: 'filter', name: 'tort-own', rules }
  const rule: Rule = { match: [], action: { type: 'jump', chain: 'tort-own' } }
  const hooks = [{ family: 4 as const, table: 'filter' as const, kernelChain: 'FORWARD', at: 'insert' as const, rule }]
  return walk({ chains: [own, ...others], hooks, ipSets }, 'filter', 'FORWARD', sent)
}

const does = (action: Action, ...match: readonly Match[]): Rule => ({ match, action })
const accept: Action = { type: 'accept' }
const drop: Action = { type: 'drop' }
const tcp: Match = { type: 'protocol', protocol: 'tcp' }

const holds: readonly Match[] = [
  { type: 'in-interface', name: 'eth0' },
  { type: 'out-interface', name: 'tort+' },
  tcp,
  { type: 'protocol', protocol: 6 },
  { type: 'source-net', net: '10.0.0.0/8' as never },
  { type: 'destination-net', net: '192.0.2.1/32' as never },
  { type: 'source-set', set: 'ips' },
  { type: 'destination-set', set: 'nets' },
  { type: 'destination-set', set: 'ports', withPort: true },
  { type: 'mark', value: 0xf, mask: 0xf },
  { type: 'conntrack', states: ['ESTABLISHED', 'NEW'] },
]
const fails: readonly Match[] = [
  { type: 'in-interface', name: 'eth' },
  { type: 'out-interface', name: 'eth+' },
  { type: 'protocol', protocol: 'udp' },
  { type: 'source-net', net: '10.0.0.2/32' as never },
  { type: 'destination-set', set: 'ips' },
  { type: 'source-set', set: 'nets' },
  { type: 'source-set', set: 'ports', withPort: true },
  { type: 'mark', value: 0, mask: 0xf },
  { type: 'conntrack', states: ['ESTABLISHED'] },
  { type: 'reverse-path', fails: true },
]
for (const match of holds) t.test(`${JSON.stringify(match)} holds`, async (t) => t.equal(run([does(accept, match)]).verdict, 'accept'))
for (const match of fails) t.test(`${JSON.stringify(match)} does not hold`, async (t) => t.equal(run([does(accept, match)]).verdict, 'end'))

t.test('a negated match holds where the plain one does not', async (t) => {
  t.equal(run([does(accept, { type: 'protocol', protocol: 'udp', negated: true })]).verdict, 'accept')
  t.equal(run([does(accept, { type: 'source-set', set: 'ips', negated: true })]).verdict, 'end')
})

t.test('ports and ICMP types are looked at after their protocol', async (t) => {
  const ports = [{ from: 79, to: 81 }]
  t.equal(run([does(accept, tcp, { type: 'destination-ports', ports })]).verdict, 'accept')
  t.equal(run([does(accept, tcp, { type: 'source-ports', ports })]).verdict, 'end')
  const ping = { ...packet, protocol: 1, icmpType: 8, icmpCode: 0 }
  const icmp: Match = { type: 'protocol', protocol: 'icmp' }
  t.equal(run([does(accept, icmp, { type: 'icmp', icmpType: 8 })], {}, ping).verdict, 'accept')
  t.equal(run([does(accept, icmp, { type: 'icmp', icmpType: 8, code: 1 })], {}, ping).verdict, 'end')
})

t.test('the first rule that matches wholly decides', async (t) => {
  t.equal(run([does(drop, tcp, { type: 'in-interface', name: 'eth1' }), does(accept, tcp), does(drop)]).verdict, 'accept')
})

t.test('jump comes back, goto does not, return leaves the chain', async (t) => {
  const chains = { child: [does({ type: 'return' }), does(drop)] }
  t.equal(run([does({ type: 'jump', chain: 'child' }), does(accept)], chains).verdict, 'accept')
  t.equal(run([does({ type: 'goto', chain: 'child' }), does(accept)], chains).verdict, 'end')
})

t.test('set-mark clears the mask, then toggles the value; log goes on', async (t) => {
  const result = run([does({ type: 'set-mark', value: 0x8000_0001, mask: 0x8000_000f }), does({ type: 'log', prefix: 'p: ' })])
  t.strictSame(result, { verdict: 'end', mark: 0x8000_00f1, log: ['p: '], untracked: false })
})

t.test('reject is a drop as far as delivery goes', async (t) => t.equal(run([does({ type: 'reject' })]).verdict, 'drop'))

t.test('appended hooks come after inserted ones', async (t) => {
  const hook = (at: 'insert' | 'append', action: Action) => ({
    family: 4 as const,
    table: 'filter' as const,
    kernelChain: 'FORWARD',
    at,
    rule: does(action),
  })
  const hooks = [hook('append', drop), hook('insert', accept)]
  t.equal(walk({ chains: [], hooks, ipSets }, 'filter', 'FORWARD', packet).verdict, 'accept')
})

const refused: readonly (readonly [title: string, rule: Rule])[] = [
  ['a chain that is not there', does({ type: 'jump', chain: 'nowhere' })],
  ['a set that is not there', does(drop, { type: 'source-set', set: 'nowhere' })],
  ['a set of ports asked without a port', does(drop, { type: 'source-set', set: 'ports' })],
  ['a set of addresses asked with a port', does(drop, { type: 'source-set', set: 'ips', withPort: true })],
  ['two protocols in a rule', does(drop, tcp, { type: 'protocol', protocol: 'udp', negated: true })],
  [
    'two nets of one end in a rule',
    does(drop, { type: 'source-net', net: '10.0.0.0/8' as never }, { type: 'source-net', net: '10.9.0.0/16' as never, negated: true }),
  ],
  ['ports without a protocol', does(drop, { type: 'source-ports', ports: [{ from: 1, to: 1 }] })],
  [
    'an ICMP type after a negated protocol',
    does(drop, { type: 'protocol', protocol: 'tcp', negated: true }, { type: 'icmp', icmpType: 8 }),
  ],
  ['16 slots', does(drop, tcp, { type: 'source-ports', ports: [...Array(8).keys()].map((i) => ({ from: 4 * i, to: 4 * i + 1 })) })],
]
for (const [title, rule] of refused) t.test(`what a kernel would refuse is an error: ${title}`, async (t) => t.throws(() => run([rule])))
