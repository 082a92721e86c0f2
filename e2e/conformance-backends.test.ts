/** The scenarios on the other backends: every eighth of them; all of them with CONFORMANCE=all. */
import t from 'tap'
import { areas } from './conformance/all-scenarios.ts'
import { ConformanceLab } from './lab/conformance-lab.ts'
import { runScenario } from './lab/conformance-run.ts'

const backends = new Map<string, Readonly<Record<string, string>>>([
  ['legacy', { iptablesBackend: 'legacy' }],
  ['nftables itself', { nftablesMode: 'enabled' }],
])
const all = [...areas.values()].flat()
const sample = process.env.CONFORMANCE === 'all' ? all : all.filter((_, index) => index % 8 === 4)

for (const [name, felix] of backends) {
  t.test(`${name}: ${sample.length} of ${all.length} scenarios`, async (t) => {
    const lab = await ConformanceLab.create({ felix })
    t.teardown(() => lab.remove())
    for (const scenario of sample) t.test(scenario.title, async (t) => t.strictSame(await runScenario(lab, scenario), []))
  })
}
