import type { MemberChange, SetChange } from './ip-set-text.ts'

/** @property now what is written before the chains @property held the sets of which more is to be written behind them */
export type HeldBack = { readonly now: readonly SetChange[]; readonly held: ReadonlySet<string> }

/**
 * Sets and chains are several transactions: in between, the old rules meet the sets as they are then, and so do the new ones. What neither
 * of old and new lets pass may not pass there either, so what closes is written before the chains, and what opens behind them: who comes to
 * a set that rules deny, and who goes from any other, comes and goes first.
 *
 * @param keepsOut whether rules deny the members of the set of this name
 */
export function holdBack(changes: readonly SetChange[], keepsOut: (set: string) => boolean): HeldBack {
  const now: SetChange[] = []
  const held = new Set<string>()
  for (const change of changes) {
    const closing = closingOf(change, keepsOut(change.name))
    if (closing !== undefined) held.add(change.name)
    if (closing === undefined || closing.commands.length > 0) now.push(closing ?? change)
  }
  return { now, held }
}

/** undefined: the change is written as one, because it opens nothing, or because those who come have no room before others have gone. */
function closingOf({ name, members = [] }: SetChange, keepsOut: boolean): SetChange | undefined {
  const closes = ({ verb }: MemberChange) => (verb === 'add') === keepsOut
  const firstOpening = members.findIndex((member) => !closes(member))
  if (firstOpening === -1 || (keepsOut && members.slice(firstOpening).some(closes))) return undefined
  const closing = members.filter(closes)
  return { name, members: closing, commands: closing.map(({ verb, member }) => `${verb} ${name} ${member}`) }
}
