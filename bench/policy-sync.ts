/** A node starts with policies stored and nothing in the kernel: how long its first apply takes, beside the bare tools making the same sets and rules. */
import { execa } from 'execa'
import { Namespace } from '../e2e/lab/namespace.ts'
import { BareNftCopy, savedRuleset } from './bare-copy.ts'
import { type Figures, medianOf } from './figures.ts'
import { endpoint, policy } from './many-resources.ts'
import { applyAll, type PolicyLab, policyLab, programmed } from './policy-lab.ts'
import { round, secondsOf } from './run-time.ts'

const workloads = 100
const families = ['ip', 'ip6'] as const

/**
 * @param parameters how many policies, ten on each of the 100 workloads
 * @param nftables whether by nftables, with `nft -f` as the bare tool, instead of iptables-nft
 */
export async function benchPolicySync([policies = '1000']: readonly string[], runs: number, nftables: boolean): Promise<void> {
  const lab = await policyLab(workloads, nftables ? { nftablesMode: 'enabled' } : {})
  try {
    const locals = Array.from({ length: workloads }, (_, n) => endpoint(`local-${n}`, 'node-a', `tort${n}`, `10.244.0.${n + 1}`, `app${n}`))
    const all = Array.from({ length: Number(policies) }, (_, n) =>
      policy(`policy-${n}`, `app${n % workloads}`, `app${(n * 7) % workloads}`, 1_000 + n),
    )
    await applyAll(lab.node, [...locals, ...all])
    const figures: Figures[] = []
    for (let run = 0; run < runs; run += 1) figures.push(await (nftables ? measureNft(lab) : measure(lab)))
    console.log(`policy-sync tortie ${JSON.stringify({ nftables, policies: Number(policies), workloads, ...medianOf(figures) })}`)
  } finally {
    await lab.remove()
  }
}

/** `applySec` is the agent's own count of its first apply, tools and all. */
async function measure({ node, namespace }: PolicyLab): Promise<Figures> {
  const sets = await namespace.run('ipset', ['save'])
  const rules = await Promise.all(families.map((family) => namespace.run(`${family}tables-nft-save`, [])))
  await node.end('SIGTERM')
  for (const family of families) await pipe(namespace, emptied, `${family}tables-nft-restore`)
  await namespace.run('ipset', ['destroy'])
  await node.start()
  await programmed(node)
  const applySec = await applySeconds(node)
  const bare = await Namespace.create(`bench${process.pid}-b`)
  try {
    const bareSec = await secondsOf(async () => {
      await pipe(bare, sets, 'ipset', 'restore', '-exist')
      for (const [n, family] of families.entries()) await pipe(bare, rules[n] ?? '', `${family}tables-nft-restore`, '--noflush')
    })
    return figuresOf(applySec, bareSec)
  } finally {
    await bare.remove()
  }
}

async function measureNft({ node, namespace }: PolicyLab): Promise<Figures> {
  const saved = await savedRuleset(namespace)
  await node.end('SIGTERM')
  await namespace.run('nft', ['flush', 'ruleset'])
  await node.start()
  await programmed(node)
  const applySec = await applySeconds(node)
  const bare = await BareNftCopy.create('')
  try {
    const bareSec = await secondsOf(() => bare.restore(saved))
    return figuresOf(applySec, bareSec)
  } finally {
    await bare.remove()
  }
}

function figuresOf(applySec: number, bareSec: number): Figures {
  return { applySec: round(applySec), bareSec, ratio: Math.round((applySec / bareSec) * 100) / 100 }
}

const emptied = ['raw', 'mangle', 'nat', 'filter'].map((table) => `*${table}\nCOMMIT\n`).join('')

async function pipe(namespace: Namespace, input: string, command: string, ...args: readonly string[]): Promise<void> {
  await execa('ip', ['netns', 'exec', namespace.name, command, ...args], { input: `${input}\n` })
}

async function applySeconds(node: PolicyLab['node']): Promise<number> {
  const { body } = await node.request('GET', '/metrics')
  return Number(/^tortie_apply_seconds_total (\S+)$/m.exec(String(body))?.[1])
}
