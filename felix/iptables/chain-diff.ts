import type { HookChange, SavedHook, SavedTable, TableChange } from './chains-text.ts'

/** Our rules of one kernel chain: those before and those after everything else there. */
export type WantedHooks = { readonly inserted: readonly SavedHook[]; readonly appended: readonly SavedHook[] }

/** @property chains the hashes of each wanted chain's rules, by name */
export type WantedTable = {
  readonly chains: ReadonlyMap<string, { readonly hashes: readonly string[] }>
  readonly hooks: ReadonlyMap<string, WantedHooks>
}

export type DiffOptions = {
  /** False: chains and hooks that exist are left as they are, only absent ones are made. */
  readonly prune: boolean
  /** Whether hooks that are all there but no longer first or last are put back: not at every check, or two programs that want to be first would fight. */
  readonly moveHooks: boolean
}

/**
 * What must change for the kernel to have what is wanted. A chain that differs is rewritten whole.
 * @param names the chains that are looked at; default: all
 */
export function diffTable(
  wanted: WantedTable,
  saved: SavedTable,
  options: DiffOptions,
  names: Iterable<string> = new Set([...wanted.chains.keys(), ...saved.own.keys()]),
): TableChange {
  const rewritten: string[] = []
  const unwanted: string[] = []
  for (const name of names) {
    const chain = wanted.chains.get(name)
    const actual = saved.own.get(name)
    if (chain === undefined) {
      if (actual !== undefined && options.prune) unwanted.push(name)
    } else if (actual === undefined || (options.prune && !sameHashes(chain.hashes, actual))) rewritten.push(name)
  }
  return {
    rewritten,
    removed: unwanted.filter((name) => !saved.heldByOthers.has(name)),
    flushed: unwanted.filter((name) => saved.heldByOthers.has(name) && saved.own.get(name)?.length !== 0),
    hooks: diffHooks(wanted.hooks, saved, options),
  }
}

export function isEmptyChange(change: TableChange): boolean {
  return change.rewritten.length + change.removed.length + change.flushed.length + change.hooks.length === 0
}

export function sameHashes(wanted: readonly (string | undefined)[], actual: readonly (string | undefined)[]): boolean {
  return wanted === actual || (wanted.length === actual.length && wanted.every((hash, i) => hash === actual[i]))
}

function diffHooks(wanted: ReadonlyMap<string, WantedHooks>, saved: SavedTable, options: DiffOptions): HookChange[] {
  const none: WantedHooks = { inserted: [], appended: [] }
  const kernelChains = new Set([...wanted.keys(), ...saved.others.keys()])
  return [...kernelChains].flatMap((kernelChain) => {
    const hooks = wanted.get(kernelChain) ?? none
    const actual = saved.others.get(kernelChain) ?? []
    const known = new Set([...hooks.inserted, ...hooks.appended].map(({ hash }) => hash))
    const ours = actual.filter((rule) => rule !== undefined).filter(({ hash }) => options.prune || known.has(hash))
    const inPlace = options.moveHooks ? standsAtEnds(hooks, actual, ours) : standsInOrder(hooks, ours)
    return inPlace ? [] : [{ kernelChain, removed: ours, ...hooks }]
  })
}

function standsInOrder(hooks: WantedHooks, ours: readonly SavedHook[]): boolean {
  return sameHashes(hashesOf([...hooks.inserted, ...hooks.appended]), hashesOf(ours))
}

function standsAtEnds(hooks: WantedHooks, actual: readonly (SavedHook | undefined)[], ours: readonly SavedHook[]): boolean {
  const first = actual.slice(0, hooks.inserted.length).map((rule) => rule?.hash)
  const last = actual.slice(actual.length - hooks.appended.length).map((rule) => rule?.hash)
  return standsInOrder(hooks, ours) && sameHashes(hashesOf(hooks.inserted), first) && sameHashes(hashesOf(hooks.appended), last)
}

function hashesOf(hooks: readonly SavedHook[]): string[] {
  return hooks.map(({ hash }) => hash)
}
