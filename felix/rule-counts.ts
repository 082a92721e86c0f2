/** What the rules of our chains have counted, from the output of `iptables-save -c`; pure. */
import { CHAIN_PREFIX } from './iptables/saved-rules.ts'

/**
 * One rule of a chain of ours. @property note the human text of its comment; '' where there is none  @property returns whether its target is RETURN
 */
export type RuleCount = {
  readonly packets: number
  readonly octets: number
  readonly hash: string
  readonly note: string
  readonly returns: boolean
}

/** Rules in order, by chain. */
export type CountedChains = ReadonlyMap<string, readonly RuleCount[]>

const counted = /^\[(\d+):(\d+)\] -A (\S+)(.*)$/
const comment = /--comment (?:"tortie:([\w-]{16})(?: ([^"]*))?"|tortie:([\w-]{16})(?= |$))/

/** Reads the lines of one table as they come. Lines it does not know say nothing about us. */
export class CountReader {
  readonly #chains = new Map<string, RuleCount[]>()

  get chains(): CountedChains {
    return this.#chains
  }

  read(line: string): void {
    if (!line.includes(CHAIN_PREFIX)) return
    const [, packets = '', octets = '', chain = '', rest = ''] = counted.exec(line) ?? []
    if (!chain.startsWith(CHAIN_PREFIX)) return
    const [, quoted, note = '', bare] = comment.exec(rest) ?? []
    const rules = this.#chains.get(chain) ?? []
    if (rules.length === 0) this.#chains.set(chain, rules)
    const hash = quoted ?? bare ?? ''
    rules.push({ packets: Number(packets), octets: Number(octets), hash, note, returns: rest.includes(' -j RETURN') })
  }
}

export type Count = { readonly packets: number; readonly octets: number }

/**
 * What each of the user's rules has counted, by its index, where that is not nothing. One rule may be several in the kernel: packets that
 * it allows or passes on are counted by the rule behind them that returns, each once, others by the rules that are final.
 */
export function policyRuleCounts(rules: readonly RuleCount[]): ReadonlyMap<number, Count> {
  const counts = new Map<number, Count>()
  let group: { index: number; packets: number; octets: number } | undefined
  const close = (count: Count | undefined) => {
    if (group !== undefined && count !== undefined && count.packets > 0) {
      const before = counts.get(group.index) ?? { packets: 0, octets: 0 }
      counts.set(group.index, { packets: before.packets + count.packets, octets: before.octets + count.octets })
    }
    group = undefined
  }
  for (const rule of rules) {
    const index = indexIn(rule.note)
    if (index === undefined) {
      close(rule.returns ? rule : group)
      continue
    }
    if (group?.index !== index) close(group)
    group = { index, packets: (group?.packets ?? 0) + rule.packets, octets: (group?.octets ?? 0) + rule.octets }
  }
  close(group)
  return counts
}

/** "rule 3 …" is rule 3. */
export function indexIn(note: string): number | undefined {
  const index = /^rule (\d{1,9})(?: |$)/.exec(note)?.[1]
  return index === undefined ? undefined : Number(index)
}
