/** The scenarios on the other backends: every eighth of them; all of them with CONFORMANCE=all. */
import t from 'tap'
import { areas } from './conformance/all-scenarios.ts'
import { ConformanceLab } from './lab/conformance-lab.ts'
import { runScenario } from './lab/conformance-run.ts'

/** Each has another eighth. */
const backends = new Map<string, { readonly felix: Readonly<Record<string, string>>; readonly eighth: number }>([
  ['iptables-legacy', { felix: { iptablesBackend: 'legacy' }, eighth: 4 }],
  ['nftables itself', { felix: { nftablesMode: 'enabled' }, eighth: 1 }],
])
const all = [...areas.values()].flat()

for (const [name, { felix, eighth }] of backends) {
  const sample = process.env.CONFORMANCE === 'all' ? all : all.filter((_, index) => index % 8 === eighth)
  t.test(`${name}: ${sample.length} of ${all.length} scenarios`, async (t) => {
    const lab = await ConformanceLab.create({ felix })
    t.teardown(() => lab.remove())
    for (const scenario of sample) t.test(scenario.title, async (t) => t.strictSame(await runScenario(lab, scenario), []))
  })
}
