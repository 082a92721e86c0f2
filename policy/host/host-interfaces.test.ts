import fc from 'fast-check'
import t from 'tap'
import { assignHosts, type HostCandidate } from './host-interfaces.ts'

const addresses = new Map([
  ['eth0', new Set(['192.0.2.1', '2001:db8::1'])],
  ['eth1', new Set(['198.51.100.1'])],
  ['torta', new Set(['203.0.113.1'])],
])
const isWorkload = (name: string) => name.startsWith('tort')

function candidate(name: string, found: string | readonly string[]): HostCandidate {
  return { key: `key ${name}`, name, ...(typeof found === 'string' ? { interfaceName: found, expectedIPs: [] } : { expectedIPs: found }) }
}

function assigned(...candidates: readonly HostCandidate[]) {
  const { governs, problems } = assignHosts(candidates, addresses, isWorkload)
  return [Object.fromEntries(governs), problems.map(({ severity, subject, message }) => `${severity} ${subject} ${message}`)]
}

const table: [title: string, candidates: readonly HostCandidate[], governs: object, problems: readonly string[]][] = [
  ['by name, be the interface there or not', [candidate('a', 'eth7')], { eth7: 'key a' }, []],
  ['by address of either family', [candidate('a', ['2001:db8::1'])], { eth0: 'key a' }, []],
  ['every interface with one of the addresses', [candidate('a', ['198.51.100.1', '192.0.2.1'])], { eth0: 'key a', eth1: 'key a' }, []],
  ['the wildcard beside others', [candidate('a', '*'), candidate('b', 'eth0')], { '*': 'key a', eth0: 'key b' }, []],
  [
    'several on one interface: the first by name, however it was found',
    [candidate('c', 'eth0'), candidate('b', ['192.0.2.1']), candidate('d', '*'), candidate('e', '*')],
    { eth0: 'key b', '*': 'key d' },
    [
      'warning hostendpoint/c does not apply to interface eth0: HostEndpoint b does, whose name comes first',
      'warning hostendpoint/e does not apply to all other interfaces: HostEndpoint d does, whose name comes first',
    ],
  ],
  [
    'addresses that no interface has',
    [candidate('a', ['10.0.0.1', '10.0.0.2'])],
    {},
    ['warning hostendpoint/a applies to nothing yet: no interface of this node has the address 10.0.0.1 or 10.0.0.2'],
  ],
  [
    'interfaces of workloads, by name or address',
    [candidate('a', 'tortx'), candidate('b', ['203.0.113.1', '198.51.100.1'])],
    { eth1: 'key b' },
    [
      "error hostendpoint/a does not apply to tortx: its name is that of a workload's interface, which WorkloadEndpoints govern",
      "error hostendpoint/b does not apply to torta: its name is that of a workload's interface, which WorkloadEndpoints govern",
    ],
  ],
]
for (const [title, candidates, governs, problems] of table)
  t.test(`§6.5 ${title}`, async (t) => t.strictSame(assigned(...candidates), [governs, problems]))

t.test('rule 6: the order of the candidates does not matter', async () => {
  const found = fc.oneof(
    fc.constantFrom('*', 'eth0', 'eth1', 'tortx'),
    fc.subarray(['192.0.2.1', '2001:db8::1', '198.51.100.1', '203.0.113.1', '10.0.0.1'], { minLength: 1 }),
  )
  const candidates = fc.uniqueArray(
    fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), found).map(([name, where]) => candidate(name, where)),
    { selector: ({ name }) => name },
  )
  fc.assert(
    fc.property(candidates, fc.infiniteStream(fc.nat()), (list, order) => {
      const shuffled = list.map((one) => ({ one, at: order.next().value })).toSorted((a, b) => a.at - b.at)
      const [governs, problems] = assigned(...shuffled.map(({ one }) => one))
      const [expected, expectedProblems] = assigned(...list)
      return JSON.stringify([sorted(governs), problems]) === JSON.stringify([sorted(expected), expectedProblems])
    }),
  )
})

function sorted(governs: object | undefined): readonly unknown[] {
  return Object.entries(governs ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
