import fc from 'fast-check'
import t from 'tap'
import type { Resource } from '../src/model/resource.ts'
import type { WorkloadEndpoint } from '../src/model/workload-endpoint.ts'
import { type Packet, type Ruleset, walk } from './chain-walk.ts'
import { type Ends, explain } from './explain.ts'
import type { Flow } from './explain-rule.ts'
import { PolicyGraph } from './graph.ts'
import { cluster, flow } from './test-resources.ts'

function compile(resources: readonly Resource[]): Ruleset {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  for (const resource of resources) graph.put(resource)
  return graph.compile()
}

function localEnds(resources: readonly Resource[], { source, destination }: Flow): Ends {
  const local = resources.filter((one): one is WorkloadEndpoint => one.kind === 'WorkloadEndpoint').filter(({ spec }) => spec.node === 'n1')
  const at = (address: string) => local.find(({ spec }) => spec.ipNetworks?.some((net) => net.split('/')[0] === address))
  const [from, to] = [at(source), at(destination)]
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

function forwarded(flow: Flow, { from, to }: Ends): Packet {
  return {
    ...flow,
    inInterface: from?.spec.interfaceName ?? 'eth0',
    outInterface: to?.spec.interfaceName ?? 'eth0',
    state: 'NEW',
    mark: 0xdeadbeef,
  }
}

const verdicts = { Allow: 0, Deny: 0 }

t.test('§6.2.1, §6.15: rendered chains give every packet the verdict of the resources read one by one', async () => {
  fc.assert(
    fc.property(cluster, fc.array(flow, { minLength: 10, maxLength: 10 }), (resources, flows) => {
      const ruleset = compile(resources)
      for (const one of flows) {
        const ends = localEnds(resources, one)
        const { verdict, steps } = explain(resources, one, ends)
        const policed = ends.from !== undefined || ends.to !== undefined
        const expected = verdict === 'Deny' ? 'drop' : policed ? 'accept' : 'end'
        const actual = walk(ruleset, 'filter', 'FORWARD', forwarded(one, ends)).verdict
        verdicts[verdict]++
        if (actual !== expected) throw new Error(`${JSON.stringify(one)}: chains ${actual}, resources ${verdict} ${JSON.stringify(steps)}`)
      }
    }),
    { numRuns: 400 },
  )
})

t.test('the property above meets both verdicts', async (t) => {
  t.ok(verdicts.Allow > 200 && verdicts.Deny > 200, JSON.stringify(verdicts))
})
