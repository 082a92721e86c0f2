import t from 'tap'
import type { Service } from '../lab/conformance-packet.ts'
import { expectation } from './expectation.ts'

const ends = ['web', 'db', 'client', 'outside', 'node']
const groups = new Map([
  ['pods', ['web', 'db', 'client']],
  ['shop', ['web', 'client']],
])
const tcp80: Service = { protocol: 'tcp', port: 80 }

function outcome(lines: readonly string[], flow: string, service: Service = tcp80, family: 4 | 6 = 4): string {
  const [from = '', to = ''] = flow.split(' -> ')
  return expectation(lines, ends, groups)({ from, to, family, service })
}

const table: [title: string, lines: readonly string[], flow: string, service: Service, family: 4 | 6, expected: string][] = [
  ['what no line speaks of is open', [], 'client -> web', tcp80, 4, 'through'],
  ['a node hears none of its pods', [], 'web -> node', tcp80, 4, 'dropped'],
  ['unless a line says so', ['node <- pods'], 'web -> node', tcp80, 4, 'through'],
  ['a node hears others', [], 'outside -> node', tcp80, 4, 'through'],
  ['pods always hear their node', ['web <- nothing'], 'node -> web', tcp80, 4, 'through'],
  ['unless its own sending is closed', ['node -> outside'], 'node -> web', tcp80, 4, 'dropped'],
  ['a line closes its direction', ['web <- nothing'], 'client -> web', tcp80, 4, 'dropped'],
  ['of its end only', ['web <- nothing'], 'web -> client', tcp80, 4, 'through'],
  ['what is listed comes', ['web <- client: tcp 80'], 'client -> web', tcp80, 6, 'through'],
  ['of the port', ['web <- client: tcp 81-90'], 'client -> web', tcp80, 4, 'dropped'],
  ['in a range', ['web <- client: udp, tcp 70-90'], 'client -> web', tcp80, 4, 'through'],
  ['of the family', ['web <- client: v6 tcp'], 'client -> web', tcp80, 4, 'dropped'],
  ['of the protocol', ['web <- client: udp'], 'client -> web', tcp80, 4, 'dropped'],
  ['all but', ['web <- client: all -tcp 80'], 'client -> web', tcp80, 4, 'dropped'],
  ['all but something else', ['web <- client: all -tcp 81'], 'client -> web', tcp80, 4, 'through'],
  ['both ends must let it', ['web <- client', 'client -> db'], 'client -> web', tcp80, 4, 'dropped'],
  ['groups and exceptions', ['web <- shop outside -client'], 'client -> web', tcp80, 4, 'dropped'],
  ['all ends', ['web <- all -client'], 'outside -> web', tcp80, 4, 'through'],
  ['the first entry that fits decides', ['web <- client: udp; client => rejected'], 'client -> web', tcp80, 4, 'rejected'],
  ['lines of one end follow each other', ['web db <- client: udp', 'web <- client'], 'client -> web', tcp80, 4, 'through'],
  ['an outcome of sending comes first', ['web <- nothing', 'client -> all => rejected'], 'client -> web', tcp80, 4, 'rejected'],
  ['icmp is that of both families', ['web <- all: icmp'], 'client -> web', { protocol: 'icmp6', icmpType: 128 }, 6, 'through'],
  ['icmp6 by type', ['web <- all: icmp6 129'], 'client -> web', { protocol: 'icmp6', icmpType: 128 }, 6, 'dropped'],
  ['icmp4 is IPv4 alone', ['web <- all: icmp4'], 'client -> web', { protocol: 'icmp6', icmpType: 128 }, 6, 'dropped'],
  ['protocols by number', ['web <- all: other 47'], 'client -> web', { protocol: 'other', number: 47 }, 4, 'through'],
]
for (const [title, lines, flow, service, family, expected] of table)
  t.test(title, async (t) => t.equal(outcome(lines, flow, service, family), expected))

const mistakes: [lines: string, message: string][] = [
  ['web', '"web" has no "<-" or "->" between words'],
  ['web <- wbe', 'nobody is called "wbe", in "web <- wbe"'],
  ['web <- client: tpc 80', '"tpc" is no protocol, in "web <- client: tpc 80"'],
  ['web <- client: tcp http', '"http" is no number or range, in "web <- client: tcp http"'],
  ['web <- client => refused', '"refused" is no outcome, in "web <- client => refused"'],
]
for (const [line, message] of mistakes)
  t.test(`a line that cannot be read is told: ${message}`, async (t) =>
    t.throws(() => expectation([line], ends, groups), new Error(message)),
  )
