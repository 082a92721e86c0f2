import fc from 'fast-check'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { Action, Match, Rule } from '../kernel.ts'
import { commentText, quote, ruleText } from './rule-text.ts'

const matches: [match: Match, text: string, text6?: string][] = [
  [{ type: 'in-interface', name: 'tort+' }, '-i tort+'],
  [{ type: 'out-interface', name: 'eth0', negated: true }, '! -o eth0'],
  [{ type: 'protocol', protocol: 'tcp' }, '-p tcp'],
  [{ type: 'protocol', protocol: 132, negated: true }, '! -p 132'],
  [{ type: 'source-net', net: '10.0.0.0/8' as Cidr }, '-s 10.0.0.0/8'],
  [{ type: 'destination-net', net: 'fd00::/8' as Cidr, negated: true }, '! -d fd00::/8'],
  [{ type: 'source-set', set: 'tort4s:x' }, '-m set --match-set tort4s:x src'],
  [{ type: 'destination-set', set: 'tort4p:x', withPort: true, negated: true }, '-m set ! --match-set tort4p:x dst,dst'],
  [
    {
      type: 'destination-ports',
      ports: [
        { from: 80, to: 80 },
        { from: 1000, to: 2000 },
      ],
    },
    '-m multiport --destination-ports 80,1000:2000',
  ],
  [{ type: 'source-ports', ports: [{ from: 0, to: 65535 }], negated: true }, '-m multiport ! --source-ports 0:65535'],
  [{ type: 'icmp', icmpType: 8 }, '-m icmp --icmp-type 8', '-m icmp6 --icmpv6-type 8'],
  [{ type: 'icmp', icmpType: 3, code: 0, negated: true }, '-m icmp ! --icmp-type 3/0', '-m icmp6 ! --icmpv6-type 3/0'],
  [{ type: 'mark', value: 0x80000000, mask: 0xffff0000 }, '-m mark --mark 0x80000000/0xffff0000'],
  [{ type: 'mark', value: 0, mask: 1, negated: true }, '-m mark ! --mark 0x0/0x1'],
  [{ type: 'conntrack', states: ['RELATED', 'ESTABLISHED'] }, '-m conntrack --ctstate RELATED,ESTABLISHED'],
  [{ type: 'conntrack', states: ['DNAT'], negated: true }, '-m conntrack ! --ctstate DNAT'],
  [{ type: 'address-type', side: 'source', addressType: 'LOCAL' }, '-m addrtype --src-type LOCAL'],
  [{ type: 'address-type', side: 'destination', addressType: 'UNICAST' }, '-m addrtype --dst-type UNICAST'],
  [{ type: 'reverse-path', fails: true }, '-m rpfilter --validmark --invert'],
  [{ type: 'limit', count: 10, per: 'minute', burst: 5 }, '-m limit --limit 10/minute --limit-burst 5'],
]
for (const [match, text, text6 = text] of matches) {
  t.test(`the match ${JSON.stringify(match)} is ${text}`, async (t) => {
    const rule: Rule = { match: [match], action: { type: 'accept' } }
    t.equal(ruleText(rule, 4), `${text} -j ACCEPT`)
    t.equal(ruleText(rule, 6), `${text6} -j ACCEPT`)
  })
}

const actions: [action: Action, text: string][] = [
  [{ type: 'accept' }, '-j ACCEPT'],
  [{ type: 'drop' }, '-j DROP'],
  [{ type: 'return' }, '-j RETURN'],
  [{ type: 'reject' }, '-j REJECT'],
  [{ type: 'masquerade' }, '-j MASQUERADE'],
  [{ type: 'jump', chain: 'tort-pi-gnp/web' }, '-j tort-pi-gnp/web'],
  [{ type: 'goto', chain: 'tort-tw-tort1' }, '-g tort-tw-tort1'],
  [{ type: 'set-mark', value: 0, mask: 0x30000 }, '-j MARK --set-xmark 0x0/0x30000'],
  [{ type: 'log', prefix: 'tortie: ' }, '-j LOG --log-prefix "tortie: " --log-level 5'],
  [{ type: 'nflog', group: 10, prefix: 'denied' }, '-j NFLOG --nflog-group 10 --nflog-prefix denied'],
  [{ type: 'no-track' }, '-j CT --notrack'],
  [{ type: 'log', prefix: 'longer than the kernel keeps of it' }, '-j LOG --log-prefix "longer than the kernel keeps " --log-level 5'],
]
for (const [action, text] of actions) {
  t.test(`the action ${JSON.stringify(action)} is ${text}`, async (t) => t.equal(ruleText({ match: [], action }, 4), text))
}

t.test('matches keep their order, since -p must stand before what needs it', async (t) => {
  const match: Match[] = [
    { type: 'protocol', protocol: 'udp' },
    { type: 'source-ports', ports: [{ from: 68, to: 68 }] },
    { type: 'in-interface', name: 'tort1' },
  ]
  t.equal(ruleText({ match, action: { type: 'drop' } }, 4), '-p udp -m multiport --source-ports 68 -i tort1 -j DROP')
})

t.test('whatever free text holds, it stays inside one quoted argument of one line', async (t) => {
  t.equal(commentText('tortie:abc say "no"\n-A FORWARD -j ACCEPT \\'), `-m comment --comment "tortie:abc say 'no'?-A FORWARD -j ACCEPT '"`)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      return /^-m comment --comment ("[ !#-[\]-~]{0,220}"|[\w./:,+!=@-]{1,220})$/.test(commentText(text))
    }),
  )
})

t.test('a control character in any other argument is our bug and throws', async (t) => {
  const rule: Rule = { match: [{ type: 'in-interface', name: 'a\n-P INPUT ACCEPT' }], action: { type: 'drop' } }
  t.throws(() => ruleText(rule, 4), { message: 'iptables argument "a\\n-P INPUT ACCEPT" has a control character' })
})

t.test('quoting round-trips through the rules of iptables-restore', async () => {
  const unquote = (text: string) => (text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text)
  fc.assert(fc.property(fc.string(), (text) => unquote(quote(text)) === text))
})
