import fc from 'fast-check'
import t from 'tap'
import { allowed, denied, sighting, tcp } from './flow.fixture.ts'
import { FlowRing } from './flow-ring.ts'

t.test('connections that differ in their source ports are one flow, with its first and last time', async (t) => {
  const ring = new FlowRing(10)
  ring.see(sighting(allowed, tcp({ sourcePort: 1 })), 1_000)
  ring.see(sighting(allowed, tcp({ sourcePort: 2 })), 2_000)
  const [flow] = ring.flows()
  t.match(flow, { count: 2, firstMs: 1_000, lastMs: 2_000, firstSequence: 1, sequence: 2 })
  t.equal(flow?.sighting.packet.sourcePort, 2)
  t.equal(ring.size, 1)
})

t.test('what differs in verdict, addresses, protocol, port or ICMP type is another flow', async (t) => {
  const ring = new FlowRing(10)
  ring.see(sighting(allowed), 1)
  ring.see(sighting(denied), 1)
  ring.see(sighting({ verdict: 'denied', answered: true }), 1)
  ring.see(sighting(allowed, tcp({ protocol: 17 })), 1)
  ring.see(sighting(allowed, tcp({ destinationPort: 81 })), 1)
  ring.see(sighting(allowed, tcp({ source: tcp().destination })), 1)
  ring.see(sighting(allowed, { source: tcp().source, destination: tcp().destination, protocol: 1, icmpType: 8, icmpCode: 0 }), 1)
  t.equal(ring.size, 7)
})

t.test('whoever was not seen for longest makes room, and a change of what is gone is none', async (t) => {
  const ring = new FlowRing(2)
  const port = (destinationPort: number) => ring.see(sighting(allowed, tcp({ destinationPort })), 1)
  const [first, second] = [port(1), port(2)]
  port(1)
  port(3)
  t.strictSame(
    [...ring.flows()].map(({ sighting: { packet } }) => packet.destinationPort),
    [1, 3],
  )
  t.strictSame(ring.evicted, { count: 1, upTo: 2 })
  t.strictSame([ring.has(first), ring.has(second)], [true, false])
  const { sequence } = ring
  ring.changed(second)
  t.equal(ring.sequence, sequence)
})

t.test('it is bounded, in the order of the last change, and forgets no count of what it keeps', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (ports, limit) => {
      const ring = new FlowRing(limit)
      for (const destinationPort of ports) ring.see(sighting(allowed, tcp({ destinationPort })), 1)
      const flows = [...ring.flows()]
      const lastSeen = [...new Set(ports.toReversed())].slice(0, limit).reverse()
      t.strictSame(
        flows.map(({ sighting: { packet } }) => packet.destinationPort),
        lastSeen,
      )
      t.strictSame(
        flows.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
        flows.map(({ sequence }) => sequence),
      )
      if (ring.evicted.count === 0)
        t.equal(
          flows.reduce((sum, { count }) => sum + count, 0),
          ports.length,
        )
    }),
  )
})
