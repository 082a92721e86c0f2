/** Whatever policies say, real kernels take it: random small clusters, rendered and loaded over one another, with both kinds of iptables. */
import fc from 'fast-check'
import { pino } from 'pino'
import t from 'tap'
import { PolicyTables } from '../felix/iptables/policy-tables.ts'
import { makeNetns } from '../felix/test-netns.ts'
import { PolicyGraph } from '../policy/graph.ts'
import { cluster } from '../policy/test-resources.ts'

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`random policies load, replace each other, and are read back as they were written (${backend})`, async (t) => {
    const netns = await makeNetns()
    t.teardown(() => netns.remove())
    const dependencies = { run: netns.run, nowMs: () => performance.now(), log: pino({ enabled: false }) }
    const tables = new PolicyTables(backend, dependencies)
    const loads = async (resources: readonly Parameters<PolicyGraph['put']>[0][]) => {
      const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
      for (const resource of resources) graph.put(resource)
      const state = graph.compile()
      const { unprogrammed } = await tables.apply(state, true)
      await tables.removeUnused()
      const restarted = new PolicyTables(backend, dependencies)
      const again = await restarted.apply(state, true)
      return { unprogrammed: [...unprogrammed], rewritten: again.changed, left: await restarted.removeUnused() }
    }
    await fc.assert(
      fc.asyncProperty(cluster, async (resources) => {
        t.strictSame(await loads(resources), { unprogrammed: [], rewritten: 0, left: 0 })
      }),
      { numRuns: 10, endOnFailure: true },
    )
  })
}
