/** What first packets cannot show: connections that live on, packets of no connection, and sources that are not the sender's. */
import t, { type Test } from 'tap'
import { gnp, knp, np, tier } from './conformance/scenario.ts'
import { pod } from './conformance/world.ts'
import { ConformanceLab } from './lab/conformance-lab.ts'
import type { Family, Service } from './lab/conformance-packet.ts'
import { describe, type Probe } from './lab/conformance-prober.ts'

const lab = await ConformanceLab.create({ felix: { iptablesBackend: 'nft' } })
t.teardown(() => lab.remove())

const services: readonly Service[] = [
  { protocol: 'tcp', port: 8080 },
  { protocol: 'udp', port: 53 },
  { protocol: 'sctp', port: 3868 },
]
const echoes: readonly (readonly [Service, Family])[] = [
  [{ protocol: 'icmp', icmpType: 8 }, 4],
  [{ protocol: 'icmp6', icmpType: 128 }, 6],
]

function probes(from: string, to: string): readonly Probe[] {
  const both = services.flatMap((service) => ([4, 6] as const).map((family) => [service, family] as const))
  return both.map(([service, family]) => ({ from: lab.end(from), to: lab.end(to), family, service }))
}

/** Every connection that is open, by name, with whether it still carries packets. */
function alive(t: Test, open: readonly Probe[], connections: readonly number[], expected: boolean): void {
  const seen = lab.prober.carries(connections)
  t.strictSame(
    open.map((probe, index) => [describe(probe), seen[index]]),
    open.map((probe) => [describe(probe), expected]),
  )
}

t.beforeEach(() => lab.forgetConnections())

const denials: readonly (readonly [title: string, documents: string])[] = [
  ['§6.15 rule 3: a policy that isolates the taker', knp('shop/deny', 'podSelector: {}')],
  ['§6.2.1 rule 8: a Deny at the sender', np('shop/out', "selector: role == 'client'\ntypes: [Egress]\negress: [{ action: Deny }]")],
  [
    '§6.2.1 rule 8: an earlier tier that denies at both ends',
    tier('first', 'order: 1') +
      gnp('no', 'tier: first\ntypes: [Ingress, Egress]\ningress: [{ action: Reject }]\negress: [{ action: Deny }]'),
  ],
]
for (const [title, documents] of denials) {
  t.test(`${title}, while connections are open: they live on, new ones are not made`, async (t) => {
    const open = probes('client', 'web')
    const connections = lab.prober.connect(open)
    await lab.node.apply(documents)
    alive(t, open, connections, true)
    t.notOk(lab.prober.probe(open).includes('through'))
    await lab.node.delete(documents)
    alive(t, open, connections, true)
  })
}

t.test(
  '§6.9 an endpoint that goes takes its connections with it: nothing of an unknown interface passes, established or not',
  async (t) => {
    const [out, into] = [probes('plain', 'web'), probes('web', 'plain')]
    const connections = [lab.prober.connect(out), lab.prober.connect(into)] as const
    await lab.node.delete(pod('plain'))
    alive(t, out, connections[0], false)
    alive(t, into, connections[1], false)
    await lab.node.apply(pod('plain'))
    alive(t, out, connections[0], true)
  },
)

t.test('§6.9 labels that change while connections are open leave them alone', async (t) => {
  const policy = np('shop/in', "selector: app == 'web'\ningress:\n  - { action: Allow, source: { selector: role == 'client' } }")
  await lab.node.apply(policy)
  const open = probes('client', 'web')
  const connections = lab.prober.connect(open)
  await lab.node.apply(pod('client', { labels: { role: 'nobody' } }))
  alive(t, open, connections, true)
  t.notOk(lab.prober.probe(open).includes('through'))
  await lab.node.apply(pod('client'))
  await lab.node.delete(policy)
})

t.test(
  'packets that belong to nothing are dropped, though every policy allows: a SYN ACK, an INIT ACK, an echo reply nobody asked for',
  async (t) => {
    const strays = [
      ...probes('client', 'web'),
      ...echoes.map(([service, family]): Probe => ({ from: lab.end('client'), to: lab.end('web'), family, service })),
    ]
    const open = gnp('open', 'types: [Ingress, Egress]\ningress: [{ action: Allow }]\negress: [{ action: Allow }]')
    await lab.node.apply(open)
    const seen = lab.prober.unasked(strays)
    // A datagram is nobody's answer: it begins something.
    t.strictSame(
      strays.map((probe, index) => [describe(probe), seen[index]]),
      strays.map((probe) => [describe(probe), probe.service.protocol === 'udp']),
    )
    await lab.node.delete(open)
  },
)

const sources: readonly (readonly [whose: string, Readonly<Record<Family, string>>])[] = [
  ['another pod’s', { 4: '10.244.1.11', 6: 'fd00:244:1::11' }],
  ['the node’s', { 4: '10.99.0.1', 6: 'fd00:99::1' }],
  ['a machine outside’s', { 4: '10.99.0.9', 6: 'fd00:99::9' }],
  ['nobody’s', { 4: '10.244.1.200', 6: 'fd00:244:1::200' }],
]
for (const [whose, addresses] of sources) {
  t.test(`a pod cannot send with an address that is ${whose}, to a pod, outside or to the node`, async (t) => {
    const spoofed = ['web', 'outside', 'node'].flatMap((to) =>
      probes('client', to).map((probe): Probe => ({ ...probe, from: { ...probe.from, addresses } })),
    )
    const seen = lab.prober.probe(spoofed)
    t.strictSame(
      spoofed.map((probe, index) => [describe(probe), seen[index]]),
      spoofed.map((probe) => [describe(probe), 'dropped']),
    )
  })
}
