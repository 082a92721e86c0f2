/** The output of `iptables-save` of either backend: each table with its chains, and behind them their rules, chain by chain. */
import { hashInLine, knownBy } from './chain-hash.ts'
import { OutputLines } from './output-lines.ts'

/** Every chain we make is named so, and every chain named so is ours. */
export const CHAIN_PREFIX = 'tort-'

/** Told of the output in its order. @property onRule `line` is what stands after "-A CHAIN " */
export type SavedRulesVisitor = {
  readonly onTable?: (table: string) => void
  readonly onChain: (chain: string) => void
  readonly onRule: (chain: string, line: string) => void
}

/** What one rule says of us. @property hash what a rule of ours is known by @property holds the chain of ours that a rule of others leads to */
export type SavedRule = { readonly hash: string | undefined; readonly holds: string | undefined }

/** Reads the output in parts that begin and end anywhere, and keeps nothing of it. Never throws: lines it does not know say nothing about us. */
export class SavedRulesReader {
  readonly #visitor: SavedRulesVisitor
  readonly #lines = new OutputLines((line) => this.#takeLine(line))

  constructor(visitor: SavedRulesVisitor) {
    this.#visitor = visitor
  }

  take(part: string): void {
    this.#lines.take(part)
  }

  #takeLine(text: string): void {
    if (text.startsWith('-A ')) this.#takeRule(text)
    else if (text.startsWith(':')) this.#visitor.onChain(text.slice(1, text.indexOf(' ')))
    else if (text.startsWith('*')) this.#visitor.onTable?.(text.slice(1))
  }

  #takeRule(text: string): void {
    const end = text.indexOf(' ', 3)
    if (end < 0) this.#visitor.onRule(text.slice(3), '')
    else this.#visitor.onRule(text.slice(3, end), text.slice(end + 1))
  }
}

/** @param line of `chain`, as the visitor is given it */
export function savedRule(chain: string, line: string): SavedRule {
  if (isOwnChain(chain)) return { hash: knownBy(line), holds: undefined }
  const hash = hashInLine(line)
  return { hash, holds: hash === undefined ? targetOfOurs(line) : undefined }
}

export function isOwnChain(chain: string): boolean {
  return chain.startsWith(CHAIN_PREFIX)
}

function targetOfOurs(line: string): string | undefined {
  return line.includes(CHAIN_PREFIX) ? /(?:^| )-[jg] (tort-\S+)/.exec(line)?.[1] : undefined
}
