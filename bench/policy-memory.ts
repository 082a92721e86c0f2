/** How much memory the agent holds with very many endpoints of other nodes and policies known. */
import { setTimeout as sleep } from 'node:timers/promises'
import { manyEndpoints, otherPolicies, selectingPolicies } from './many-endpoints.ts'
import { agentUse, applyAll, policyLab, programmed } from './policy-lab.ts'

/** @param parameters how many endpoints of other nodes and how many policies; few of the latter select the workload here */
export async function benchPolicyMemory([endpoints = '100000', policies = '10000']: readonly string[]): Promise<void> {
  const lab = await policyLab(1)
  const { node } = lab
  try {
    await applyAll(node, manyEndpoints(Number(endpoints)))
    await applyAll(node, [...otherPolicies(Number(policies)), ...selectingPolicies()])
    const loaded = agentUse(node)
    await sleep(settleMs)
    const settled = agentUse(node)
    await node.end('SIGTERM')
    await node.start().catch(() => node.ready()) // reading so much may take longer than a node otherwise has
    await programmed(node)
    await sleep(settleMs)
    const restarted = agentUse(node)
    const figures = { loadedMb: loaded.residentMb, settledMb: settled.residentMb, peakMb: settled.peakMb }
    const after = { restartedMb: restarted.residentMb, restartedPeakMb: restarted.peakMb }
    console.log(
      `policy-memory tortie ${JSON.stringify({ endpoints: Number(endpoints), policies: Number(policies), ...figures, ...after })}`,
    )
  } finally {
    await lab.remove()
  }
}

/** Memory is given back once nothing has happened for a while. */
const settleMs = 20_000
