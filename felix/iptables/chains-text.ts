import type { TableName } from '../kernel.ts'
import { isOwnChain, SavedRulesReader, savedRule } from './saved-rules.ts'

/** A rule of ours in a chain of others: its hash, and what stands after "-A CHAIN ", which is also what deletes it by value. */
export type SavedHook = { readonly hash: string; readonly line: string }

/**
 * What `iptables-save` says of one table, reduced to what concerns us.
 *
 * @property own our chains with the hash of each rule; undefined stands for a rule somebody else put there
 * @property others the other chains, rule by rule in order; undefined stands for a rule that is not ours
 * @property heldByOthers chains of ours that rules of others jump to: they cannot be removed
 */
export type SavedTable = {
  readonly own: Map<string, readonly (string | undefined)[]>
  readonly others: Map<string, readonly (SavedHook | undefined)[]>
  readonly heldByOthers: ReadonlySet<string>
}

/** All that changes in one table at once. */
export type TableChange = {
  /** Written whole, made if absent. */
  readonly rewritten: readonly string[]
  readonly removed: readonly string[]
  /** Emptied only, because rules of others hold them. */
  readonly flushed: readonly string[]
  readonly hooks: readonly HookChange[]
}

export type HookChange = {
  readonly kernelChain: string
  readonly removed: readonly SavedHook[]
  readonly inserted: readonly SavedHook[]
  readonly appended: readonly SavedHook[]
}

const tableNames = ['filter', 'nat', 'mangle', 'raw'] as const

/** Reads the output of `iptables-save -t TABLE` of either backend. Never throws: lines it does not know say nothing about us. */
export function parseSavedTable(output: string): SavedTable {
  const own = new Map<string, (string | undefined)[]>()
  const others = new Map<string, (SavedHook | undefined)[]>()
  const heldByOthers = new Set<string>()
  const onRule = (chain: string, line: string) => {
    const { hash, holds } = savedRule(chain, line)
    addChain(chain, own, others)
    own.get(chain)?.push(hash)
    others.get(chain)?.push(hash === undefined ? undefined : { hash, line })
    if (holds !== undefined) heldByOthers.add(holds)
  }
  new SavedRulesReader({ onChain: (chain) => addChain(chain, own, others), onRule }).take(`${output}\n`)
  return { own, others, heldByOthers }
}

/** The parts of what `iptables-save` says of all tables: what follows each "*TABLE". */
export function savedTables(output: string): [table: TableName, text: string][] {
  return output.split(/^\*/m).flatMap((part) => {
    const table = tableNames.find((name) => part.startsWith(`${name}\n`))
    return table === undefined ? [] : [[table, part]]
  })
}

/**
 * Whether the table holds rules only nft can show. `iptables-nft-save` then shows nothing of it, succeeds, and says so in a comment: what
 * looks empty is not, and writing it anew at every look would make one more hook each time.
 */
export function isUnshown(output: string): boolean {
  return unshownTables(output).length > 0
}

/** For the operator. */
export function unshown(table: TableName): string {
  return `table ${table} holds rules that only nft can show, so it cannot be told what is there of ours: move them to a table of another name`
}

/** The tables of which the output of `iptables-nft-save` says so. */
export function unshownTables(output: string): string[] {
  return [...output.matchAll(/^# Table `(\w+)' is incompatible/gm)].map(([, table = '']) => table)
}

/**
 * The input of `iptables-restore --noflush` that makes one change of one table in one transaction: what is new is declared first, so
 * that rules may refer to each other in any order, and chains go last, when nothing refers to them any more.
 *
 * @param linesOf the rules of a rewritten chain, each as it stands after "-A CHAIN "
 */
export function restoreInput(table: TableName, change: TableChange, linesOf: (chain: string) => readonly string[]): string {
  const declared = [...change.rewritten, ...change.flushed, ...change.removed]
  const lines = [
    `*${table}`,
    ...declared.map((chain) => `:${chain} - -`),
    ...change.rewritten.flatMap((chain) => linesOf(chain).map((line) => `-A ${chain} ${line}`)),
    ...change.hooks.flatMap(hookLines),
    ...change.removed.map((chain) => `-X ${chain}`),
    'COMMIT',
  ]
  return `${lines.join('\n')}\n`
}

/** Brings `saved` to what the kernel has once `change` was accepted. */
export function noteChange(saved: SavedTable, change: TableChange, hashesOf: (chain: string) => readonly string[]): void {
  for (const chain of change.rewritten) saved.own.set(chain, hashesOf(chain))
  for (const chain of change.flushed) saved.own.set(chain, [])
  for (const chain of change.removed) saved.own.delete(chain)
  for (const hook of change.hooks) {
    const gone = new Set(hook.removed.map(({ line }) => line))
    const kept = (saved.others.get(hook.kernelChain) ?? []).filter((rule) => rule === undefined || !gone.has(rule.line))
    saved.others.set(hook.kernelChain, [...hook.inserted, ...kept, ...hook.appended])
  }
}

function addChain(chain: string, own: Map<string, unknown[]>, others: Map<string, unknown[]>): void {
  const chains = isOwnChain(chain) ? own : others
  if (!chains.has(chain)) chains.set(chain, [])
}

/** By value, never by number: whoever changes the chain between our read and our write must not lose a rule by it. */
function hookLines({ kernelChain, removed, inserted, appended }: HookChange): string[] {
  return [
    ...removed.map(({ line }) => `-D ${kernelChain} ${line}`),
    ...inserted.map(({ line }, i) => `-I ${kernelChain} ${i + 1} ${line}`),
    ...appended.map(({ line }) => `-A ${kernelChain} ${line}`),
  ]
}
