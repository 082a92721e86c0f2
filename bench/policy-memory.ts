/** How much memory the agent holds with very many endpoints of other nodes and policies known. */
import { setTimeout as sleep } from 'node:timers/promises'
import { manyEndpoints, selectingPolicies } from './many-endpoints.ts'
import { policy } from './many-resources.ts'
import { agentUse, applyAll, policyLab } from './policy-lab.ts'

/** @param parameters how many endpoints of other nodes and how many policies; few of the latter select a workload here */
export async function benchPolicyMemory([endpoints = '100000', policies = '10000']: readonly string[]): Promise<void> {
  const lab = await policyLab(1)
  try {
    await applyAll(lab.node, manyEndpoints(Number(endpoints)))
    const others = Array.from({ length: Number(policies) }, (_, n) =>
      policy(`policy-${n}`, `app${n % 500}`, `app${(n * 7) % 500}`, 1_000 + n),
    )
    await applyAll(lab.node, [...others, ...selectingPolicies()])
    const { residentMb: loaded, peakMb } = agentUse(lab.node)
    await sleep(20_000)
    const { residentMb: settled } = agentUse(lab.node)
    await lab.node.end('SIGTERM')
    await lab.node.start()
    await sleep(20_000)
    const { residentMb: restarted, peakMb: restartedPeak } = agentUse(lab.node)
    const figures = { loadedMb: loaded, settledMb: settled, peakMb, restartedMb: restarted, restartedPeakMb: restartedPeak }
    console.log(`policy-memory tortie ${JSON.stringify({ endpoints: Number(endpoints), policies: Number(policies), ...figures })}`)
  } finally {
    await lab.remove()
  }
}
