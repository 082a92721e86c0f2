import type { SetChange } from './ip-set-text.ts'

/** @property now what is written before the chains @property held the sets of which more is to be written behind them */
export type HeldBack = { readonly now: readonly SetChange[]; readonly held: ReadonlySet<string> }

/**
 * Sets and chains are several transactions: where a member goes from a set that a rule denies because another rule denies it from now on,
 * it would pass until that rule is in the kernel. So what goes from such a set goes last.
 *
 * @param keepsOut whether rules deny the members of the set of this name
 */
export function holdBack(changes: readonly SetChange[], keepsOut: (set: string) => boolean): HeldBack {
  const held = new Set(changes.filter((change) => isDivisible(change) && keepsOut(change.name)).map(({ name }) => name))
  const now = changes.map((change) => (held.has(change.name) ? additionsOf(change) : change))
  return { now: now.filter(({ commands }) => commands.length > 0), held }
}

/** Members go, and none has to go before one that comes has room. */
function isDivisible({ members = [] }: SetChange): boolean {
  const firstGone = members.findIndex(({ verb }) => verb === 'del')
  return firstGone !== -1 && members.slice(firstGone).every(({ verb }) => verb === 'del')
}

function additionsOf({ name, members = [] }: SetChange): SetChange {
  const added = members.filter(({ verb }) => verb === 'add')
  return { name, members: added, commands: added.map(({ verb, member }) => `${verb} ${name} ${member}`) }
}
