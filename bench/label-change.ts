/** One pod of another node gets another label while very many are known: how long until the IP sets in the kernel have it, beside the bare `ipset restore` of the two members. */
import { BareCopy } from './bare-copy.ts'
import { type Figures, medianOf, percentile } from './figures.ts'
import { manyEndpoints, remoteEndpoint, selectingPolicies } from './many-endpoints.ts'
import { agentUse, applyAll, applyObjects, type PolicyLab, policyLab, reached, toolUse } from './policy-lab.ts'

const changes = 100

/** @param parameters how many endpoints of other nodes are known */
export async function benchLabelChange([endpoints = '10000']: readonly string[], runs: number): Promise<void> {
  const lab = await policyLab(1)
  let bare: BareCopy | undefined
  try {
    await applyAll(lab.node, [...manyEndpoints(Number(endpoints)), ...selectingPolicies()])
    bare = await BareCopy.create(lab.namespace)
    const sets = (await lab.namespace.run('ipset', ['list', '-n'])).split('\n').filter((name) => name.startsWith('tort4s:'))
    await measure(lab, bare, sets)
    const all: Figures[] = []
    for (let run = 0; run < runs; run += 1) all.push(await measure(lab, bare, sets))
    const { residentMb } = agentUse(lab.node)
    console.log(`label-change tortie ${JSON.stringify({ endpoints: Number(endpoints), changes, ...medianOf(all), residentMb })}`)
  } finally {
    await bare?.remove()
    await lab.remove()
  }
}

/**
 * `total` is from the request to the members in the kernel; `tools` how many programs ran for one change; `ratio` is `total` to the bare
 * one. Nothing else is asked meanwhile: the metrics are ten times the garbage of a change.
 */
async function measure({ node }: PolicyLab, bare: BareCopy, sets: readonly string[]): Promise<Figures> {
  const [totals, bares]: [number[], number[]] = [[], []]
  const before = await toolUse(node)
  for (let change = 0; change < changes; change += 1) {
    const beganMs = performance.now()
    await reached(node, await applyObjects(node, [remoteEndpoint(7, change % 19)]))
    totals.push(performance.now() - beganMs)
    const bareBeganMs = performance.now()
    await bare.ipset(`add ${sets[change % 2]} 10.128.0.7\ndel ${sets[(change + 1) % 2]} 10.128.0.7\n`)
    bares.push(performance.now() - bareBeganMs)
  }
  const runs = (await toolUse(node)).runs - before.runs
  const at = (values: readonly number[], percent: number) => Math.round(percentile(values, percent) * 10) / 10
  return {
    totalP50Ms: at(totals, 50),
    totalP99Ms: at(totals, 99),
    totalMaxMs: at(totals, 100),
    bareP50Ms: at(bares, 50),
    ratio: Math.round((at(totals, 50) / at(bares, 50)) * 100) / 100,
    tools: runs / changes,
  }
}
