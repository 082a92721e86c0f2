/** Pods of other nodes change without end, 1,000 a second: what that costs, and whether the kernel keeps up. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figures, medianOf } from './figures.ts'
import { manyEndpoints, remoteEndpoint, selectingPolicies } from './many-endpoints.ts'
import { agentUse, applyAll, applyObjects, type PolicyLab, policyLab, programmed, toolUse } from './policy-lab.ts'

const perSecond = 1_000
const seconds = 10
/** How many updates come together, as a store's watch brings them. */
const together = 10

/** @param parameters how many endpoints of other nodes are known */
export async function benchEndpointUpdates([endpoints = '10000']: readonly string[], runs: number): Promise<void> {
  const lab = await policyLab(1)
  try {
    await applyAll(lab.node, [...manyEndpoints(Number(endpoints)), ...selectingPolicies()])
    await measure(lab, Number(endpoints))
    const all: Figures[] = []
    for (let run = 0; run < runs; run += 1) all.push(await measure(lab, Number(endpoints)))
    console.log(`endpoint-updates tortie ${JSON.stringify({ endpoints: Number(endpoints), perSecond, ...medianOf(all) })}`)
  } finally {
    await lab.remove()
  }
}

/** Cores: CPU seconds of the agent, and of the programs it started, for each second. `behindMs`: until the kernel had the last update. */
async function measure({ node }: PolicyLab, known: number): Promise<Figures> {
  const before = agentUse(node)
  const toolsBefore = (await toolUse(node)).runs
  const beganMs = performance.now()
  for (let sent = 0; sent < perSecond * seconds; sent += together) {
    const changed = Array.from({ length: together }, (_, i) => remoteEndpoint((sent + i) % known, (sent + i + Math.floor(beganMs)) % 19))
    await applyObjects(node, changed)
    const aheadMs = ((sent + together) * 1_000) / perSecond - (performance.now() - beganMs)
    if (aheadMs > 0) await sleep(aheadMs)
  }
  const sentMs = performance.now()
  await programmed(node)
  const endMs = performance.now()
  const after = agentUse(node)
  const elapsedSec = (endMs - beganMs) / 1000
  const cores = (cpuSec: number) => Math.round((cpuSec / elapsedSec) * 100) / 100
  return {
    sentPerSecond: Math.round((perSecond * seconds * 1_000) / (sentMs - beganMs)),
    agentCores: cores(after.cpuSec - before.cpuSec),
    toolsCores: cores(after.toolsCpuSec - before.toolsCpuSec),
    toolRuns: (await toolUse(node)).runs - toolsBefore,
    behindMs: Math.round(endMs - sentMs),
  }
}
