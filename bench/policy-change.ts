/** The rules of one policy among many are changed, again and again, on iptables-nft or nftables: how long until they are in the kernel, beside the bare restore of that chain in both families. */
import { BareCopy, BareNftCopy, chainInputs, nftChainInput, savedFilters, savedRuleset } from './bare-copy.ts'
import { type Figures, medianOf, percentile } from './figures.ts'
import { endpoint } from './many-resources.ts'
import { applyAll, applyYaml, type PolicyLab, policyLab, reached, toolUse } from './policy-lab.ts'

const workloads = 20
const rulesEach = 5
const changes = 100

/** What does the same write without us. */
type Bare = { write(): Promise<void>; remove(): Promise<void> }

/**
 * @param parameters how many policies the node has, five rules each, spread over its 20 workloads
 * @param nftables whether by nftables, with `nft -f` as the bare tool, instead of iptables-nft
 */
export async function benchPolicyChange([policies = '1000']: readonly string[], runs: number, nftables: boolean): Promise<void> {
  const lab = await policyLab(workloads, nftables ? { nftablesMode: 'enabled' } : {})
  let bare: Bare | undefined
  try {
    const locals = Array.from({ length: workloads }, (_, n) => endpoint(`local-${n}`, 'node-a', `tort${n}`, `10.244.0.${n + 1}`, `app${n}`))
    await applyAll(lab.node, locals)
    await applyAll(
      lab.node,
      Array.from({ length: Number(policies) }, (_, n) => fiveRules(n, 0)),
    )
    bare = nftables ? await copyNft(lab) : await copyIptables(lab)
    await measure(lab, bare)
    const all: Figures[] = []
    for (let run = 0; run < runs; run += 1) all.push(await measure(lab, bare))
    console.log(
      `policy-change tortie ${JSON.stringify({ nftables, policies: Number(policies), rules: Number(policies) * rulesEach, changes, ...medianOf(all) })}`,
    )
  } finally {
    await bare?.remove()
    await lab.remove()
  }
}

async function copyIptables({ namespace }: PolicyLab): Promise<Bare> {
  const inputs = chainInputs(await savedFilters(namespace), 'tort-pi-gnp/policy-0')
  const copy = await BareCopy.create(namespace)
  return { write: () => copy.restore(inputs), remove: () => copy.remove() }
}

async function copyNft({ namespace }: PolicyLab): Promise<Bare> {
  const saved = await savedRuleset(namespace)
  const input = nftChainInput(saved, 'filter-tort-pi-gnp/policy-0')
  const copy = await BareNftCopy.create(saved)
  return { write: () => copy.restore(input), remove: () => copy.remove() }
}

/**
 * `answered` is from the answer to the request, `total` from the request itself, until the rules are in the kernel. `own` is what is left
 * of `answered`, `ownTotal` of `total`, without the time in which tools ran; `ratio` is `answered` to the bare restore of the same chain.
 */
async function measure({ node }: PolicyLab, bare: Bare): Promise<Figures> {
  const [totals, answered, restores]: [number[], number[], number[]] = [[], [], []]
  const [owns, ownTotals]: [number[], number[]] = [[], []]
  for (let change = 0; change < changes; change += 1) {
    const before = await toolUse(node)
    const beganMs = performance.now()
    const revision = await applyYaml(node, fiveRules(0, 1 + change))
    const answeredMs = performance.now()
    await reached(node, revision)
    const endMs = performance.now()
    totals.push(endMs - beganMs)
    answered.push(endMs - answeredMs)
    const toolsMs = (await toolUse(node)).ms - before.ms
    owns.push(endMs - answeredMs - toolsMs)
    ownTotals.push(endMs - beganMs - toolsMs)
    const bareBeganMs = performance.now()
    await bare.write()
    restores.push(performance.now() - bareBeganMs)
  }
  const at = (values: readonly number[], percent: number) => Math.round(percentile(values, percent) * 10) / 10
  return {
    answeredP50Ms: at(answered, 50),
    totalP50Ms: at(totals, 50),
    totalP99Ms: at(totals, 99),
    ownP50Ms: at(owns, 50),
    ownP99Ms: at(owns, 99),
    ownTotalP50Ms: at(ownTotals, 50),
    ownTotalP99Ms: at(ownTotals, 99),
    bareP50Ms: at(restores, 50),
    ratio: Math.round((at(answered, 50) / at(restores, 50)) * 100) / 100,
  }
}

/** Five rules in the kernel: two for each Allow. @param version another version has another port in its first rule, and nothing else */
function fiveRules(n: number, version: number): string {
  const port = 1_000 + ((n * 7) % 60_000)
  const from = (i: number) => `app == 'app${(n + i) % workloads}'`
  return `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: policy-${n} }
spec:
  order: ${1_000 + n}
  selector: app == 'app${n % workloads}'
  types: [Ingress]
  ingress:
    - { action: Allow, protocol: TCP, source: { selector: ${from(1)} }, destination: { ports: [${port + version}] } }
    - { action: Allow, protocol: TCP, source: { selector: ${from(2)} }, destination: { ports: [${port}] } }
    - { action: Deny, protocol: UDP }`
}
