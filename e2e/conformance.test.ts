/**
 * Every scenario of e2e/conformance with real packets: TCP, UDP, SCTP and ICMP between every two of ten ends, in both families, on
 * iptables-nft. The other backends: conformance-backends.test.ts.
 */
import t from 'tap'
import { areas } from './conformance/all-scenarios.ts'
import { ConformanceLab } from './lab/conformance-lab.ts'
import { runScenario } from './lab/conformance-run.ts'

const lab = await ConformanceLab.create({ felix: { iptablesBackend: 'nft' } })
t.teardown(() => lab.remove())

for (const [area, scenarios] of areas) {
  t.test(`${area}: ${scenarios.length} scenarios`, async (t) => {
    for (const scenario of scenarios) t.test(scenario.title, async (t) => t.strictSame(await runScenario(lab, scenario), []))
  })
}
