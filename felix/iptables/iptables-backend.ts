import type { Run } from '../../src/os/process.ts'
import { legacyLack, refusalOf } from '../kernel-refusal.ts'
import { nftRefusal } from '../nft-support.ts'
import { COMMENT_PREFIX } from './chain-hash.ts'
import { type Backend, toolName } from './iptables-tool.ts'
import { hasLegacyTables } from './legacy-tables.ts'
import { CHAIN_PREFIX } from './saved-rules.ts'
import type { TableReader } from './table-reader.ts'

/**
 * Which of the two iptables programs Tortie uses, and why.
 *
 * @property leftovers the other one holds chains of ours, from a time when the choice was different
 * @property problem why the chosen one cannot be used: one sentence that says what to do
 */
export type BackendChoice = { readonly backend: Backend; readonly reason: string; readonly leftovers: boolean; readonly problem?: string }

/** Rules in all tables of one backend, split by owner, and whether kubelet left its mark there; or why that cannot be told. */
type Census = { readonly others: number; readonly ours: number; readonly kubelet: boolean; readonly problem?: string }

const TIMEOUT_MS = 30_000
const KUBELET_CHAINS = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY']

/**
 * `auto` takes the backend in which kubelet has its empty chain (KEP-3178: made for programs in containers to find out), else the one
 * that holds more rules of others, because a packet must pass both and mixed rules surprise their owners; if
 * they hold equally many, the one that the system's `iptables` is.
 *
 * A backend whose program is missing, or whose tables the kernel has not, is not taken by `auto` as long as the other works.
 *
 * @param reader keeps what was read of both
 */
export async function chooseBackend(option: 'auto' | Backend, run: Run, reader: TableReader): Promise<BackendChoice> {
  const [nft, legacy, system] = await Promise.all([
    census('nft', run, reader),
    census('legacy', run, reader),
    option === 'auto' ? systemBackend(run) : option,
  ])
  return decideBackend(option, { nft, legacy }, system)
}

async function systemBackend(run: Run): Promise<Backend> {
  const { stdout } = await run('iptables', ['--version'], { timeoutMs: TIMEOUT_MS })
  return stdout.includes('nf_tables') ? 'nft' : 'legacy'
}

/** @param system what the system's `iptables` is */
export function decideBackend(option: 'auto' | Backend, counted: Record<Backend, Census>, system: Backend): BackendChoice {
  const choose = (backend: Backend, reason: string): BackendChoice => {
    const problem = problemOf(option, backend, counted)
    const leftovers = counted[otherThan(backend)].ours > 0
    return { backend, reason, leftovers, ...(problem === undefined ? {} : { problem }) }
  }
  const { nft, legacy } = counted
  if (option !== 'auto') return choose(option, `felix.iptablesBackend is ${option}`)
  if (nft.problem !== undefined && legacy.problem === undefined) return choose('legacy', `iptables-nft cannot be used: ${nft.problem}`)
  if (legacy.problem !== undefined && nft.problem === undefined) return choose('nft', `iptables-legacy cannot be used: ${legacy.problem}`)
  if (nft.kubelet !== legacy.kubelet) {
    const backend = nft.kubelet ? 'nft' : 'legacy'
    return choose(backend, `kubelet uses ${backend}: its chain ${KUBELET_CHAINS.join(' or ')} is there`)
  }
  if (nft.others === legacy.others) return choose(system, `the system's iptables is ${system}`)
  const more = nft.others > legacy.others ? 'nft' : 'legacy'
  return choose(more, `rules of others: ${nft.others} in nft, ${legacy.others} in legacy`)
}

/** What is configured is never replaced behind the operator; the sentence says what would work. */
function problemOf(option: 'auto' | Backend, backend: Backend, counted: Record<Backend, Census>): string | undefined {
  const { problem } = counted[backend]
  const other = counted[otherThan(backend)]
  if (problem === undefined || problem === other.problem) return problem
  if (other.problem === undefined) return `${problem}; felix.iptablesBackend "${otherThan(backend)}" can be used`
  return option === 'auto' ? `iptables-${backend}: ${problem}; iptables-${otherThan(backend)}: ${other.problem}` : problem
}

function otherThan(backend: Backend): Backend {
  return backend === 'nft' ? 'legacy' : 'nft'
}

async function census(backend: Backend, run: Run, reader: TableReader): Promise<Census> {
  const reads = Promise.all(
    ([4, 6] as const).map(async (family): Promise<Census> => {
      const result = await reader.readAll({ family, backend })
      return result.exitCode === 0
        ? countRules(result.stdout)
        : { others: 0, ours: 0, kubelet: false, problem: refusalOf(toolName(family, backend, 'save'), result).reason }
    }),
  )
  const [[v4, v6], lack] = await Promise.all([reads, kernelLack(backend, run)])
  const problem = v4?.problem ?? lack // without IPv6 the IPv4 half may still be used
  return {
    others: (v4?.others ?? 0) + (v6?.others ?? 0),
    ours: (v4?.ours ?? 0) + (v6?.ours ?? 0),
    kubelet: v4?.kubelet === true || v6?.kubelet === true,
    ...(problem === undefined ? {} : { problem }),
  }
}

/** Why the kernel would refuse our tables, which reading them does not tell. Nothing is made by asking. */
async function kernelLack(backend: Backend, run: Run): Promise<string | undefined> {
  if (backend === 'legacy') return (await hasLegacyTables(4, run)) ? undefined : legacyLack(4)
  const refusal = await nftRefusal(4)
  return refusal === undefined ? undefined : `the kernel refuses nft tables: ${refusal} (built without CONFIG_NF_TABLES_IPV4?)`
}

/** Chains of ours count as ours even when empty. */
export function countRules(saved: string): Census {
  const lines = saved.split('\n')
  const ours = (line: string) =>
    line.startsWith(`:${CHAIN_PREFIX}`) || line.startsWith(`-A ${CHAIN_PREFIX}`) || line.includes(COMMENT_PREFIX)
  return {
    others: lines.filter((line) => line.startsWith('-A ') && !ours(line)).length,
    ours: lines.filter(ours).length,
    kubelet: lines.some((line) => KUBELET_CHAINS.some((chain) => line.startsWith(`:${chain} `))),
  }
}
