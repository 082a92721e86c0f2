import type { Family } from '../../src/net/address.ts'
import type { IpSet, Members } from '../kernel.ts'
import { defaultLimits } from '../policy-limits.ts'

export const MAX_MEMBERS = defaultLimits.ipSetMembers

/** A set under this name exists only within one run of `ipset restore`. */
const SWAP_NAME = 'tort-swap'

/**
 * What the kernel has under one name.
 *
 * @property type any type the kernel knows: somebody else may have made a set under a name of ours
 * @property members where they tell their changes: as they were at `version`
 * @property elements how many the kernel counts, where that may not be the size of `members`
 */
export type SavedSet = {
  readonly type: string
  readonly family: Family
  readonly maxMembers: number
  readonly members: Members
  readonly version?: number
  readonly elements?: number
}

/** What was written of a set is in the kernel as it is wanted now. */
export function asWanted({ type, family, members }: IpSet, maxMembers: number = MAX_MEMBERS): SavedSet {
  const { version } = members
  const elements = elementsOf({ type, family }, members)
  return { type, family, maxMembers, members, elements, ...(version !== undefined && { version }) }
}

/**
 * The members that may differ between what is wanted and what the kernel has. undefined: what the kernel has is not known any more,
 * because its members changed since without telling which.
 */
export function suspects({ members }: IpSet, actual: SavedSet): Iterable<string> | undefined {
  const { version } = actual
  if (version === undefined) return members === actual.members ? [] : new Set([...members, ...actual.members])
  if (members === actual.members) return members.changedSince?.(version)
  return actual.members.version === version ? new Set([...members, ...actual.members]) : undefined
}

/** @property member as the kernel can hold it */
export type MemberChange = { readonly verb: 'add' | 'del'; readonly member: string }

/**
 * What one set needs.
 *
 * @property commands all of it, as lines of `ipset restore -exist`; none if it is as wanted
 * @property members the same, where the set is there and stays and only members come and go
 */
export type SetChange = { readonly name: string; readonly commands: readonly string[]; readonly members?: readonly MemberChange[] }

/**
 * What brings one set to what is wanted, additions first where there is room.
 *
 * @param actual of which `suspects` are known
 * @param prune false: only make what is absent; members that are not wanted and a set of another shape stay
 */
export function setChange(wanted: IpSet, actual: SavedSet | undefined, prune: boolean, maxMembers: number = MAX_MEMBERS): SetChange {
  const { name } = wanted
  if (actual === undefined) return { name, commands: fill(wanted, name, maxMembers) }
  if (actual.type !== wanted.type || actual.family !== wanted.family) {
    // The kernel swaps only sets of one type, so this succeeds once no rule refers to the old set.
    return { name, commands: prune ? [`destroy ${name}`, ...fill(wanted, name, maxMembers)] : [] }
  }
  if (actual.maxMembers !== maxMembers && prune) {
    const filled = fill(wanted, SWAP_NAME, maxMembers)
    return { name, commands: [`destroy ${SWAP_NAME}`, ...filled, `swap ${SWAP_NAME} ${name}`, `destroy ${SWAP_NAME}`] }
  }
  const members = memberChanges(wanted, actual, prune, maxMembers)
  return { name, members, commands: members.map(({ verb, member }) => `${verb} ${name} ${member}`) }
}

function memberChanges(wanted: IpSet, actual: SavedSet, prune: boolean, maxMembers: number): readonly MemberChange[] {
  const { members } = wanted
  const added: MemberChange[] = []
  const gone: MemberChange[] = []
  const isDelta = actual.members === members
  for (const member of kernelMembers(wanted, suspects(wanted, actual) ?? [])) {
    const isWanted = holds(wanted, members, member)
    if (isWanted && (isDelta || !holds(wanted, actual.members, member))) added.push({ verb: 'add', member })
    if (!isWanted && prune) gone.push({ verb: 'del', member })
  }
  const hasRoom = (actual.elements ?? actual.members.size) + added.length <= maxMembers
  return hasRoom ? [...added, ...gone] : [...gone, ...added]
}

type Shape = Pick<SavedSet, 'type' | 'family'>

const everything = { 4: '0.0.0.0/0', 6: '::/0' } as const
const halves = { 4: ['0.0.0.0/1', '128.0.0.0/1'], 6: ['::/1', '8000::/1'] } as const

/** Members as the kernel can hold them, each once: `hash:net` has no prefix of length 0, so that one is stored as its two halves. */
function kernelMembers({ type, family }: Shape, members: Iterable<string>): Iterable<string> {
  const texts = new Set(members)
  if (type === 'hash:net' && texts.delete(everything[family])) for (const half of halves[family]) texts.add(half)
  return texts
}

function elementsOf({ type, family }: Shape, members: Members): number {
  if (type !== 'hash:net' || !members.has(everything[family])) return members.size
  return members.size - 1 + halves[family].filter((half) => !members.has(half)).length
}

/** Whether the kernel has a member, as it holds it, where these are wanted. */
export function holds({ type, family }: Shape, members: Pick<Members, 'has'>, member: string): boolean {
  if (members.has(member)) return true
  const isHalf = type === 'hash:net' && halves[family].some((half) => half === member)
  return isHalf && members.has(everything[family])
}

function fill({ type, family, members }: IpSet, name: string, maxMembers: number): string[] {
  const shape = `${type} family ${family === 4 ? 'inet' : 'inet6'} hashsize ${hashSize(members.size)} maxelem ${maxMembers}`
  const lines = [`create ${name} ${shape}`]
  for (const member of kernelMembers({ type, family }, members)) lines.push(`add ${name} ${member}`)
  return lines
}

/** The kernel doubles it as members come, but begins with 1,024 unless told: 15 KB for a set of one member. */
function hashSize(members: number): number {
  return Math.min(1_024, Math.max(64, 2 ** Math.ceil(Math.log2(members))))
}
