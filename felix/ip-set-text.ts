import { type Family, parseAddress } from '../src/net/address.ts'
import type { IpSet } from './kernel.ts'

/** Every set we make is named so, and every set named so is ours: "tort", the family, a letter for what it holds, a colon. */
const OWN_NAME = /^tort(?:[46][a-z]:|-swap$)/

/** The kernel's default of 65,536 is less than a big cluster has pods. */
export const MAX_MEMBERS = 1_048_576

/** A set under this name exists only within one run of `ipset restore`. */
const SWAP_NAME = 'tort-swap'

/** @property type any type the kernel knows: somebody else may have made a set under a name of ours */
export type SavedSet = {
  readonly type: string
  readonly family: Family
  readonly maxMembers: number
  readonly members: ReadonlySet<string>
}

/** Reads the output of `ipset save`: our sets by name, members in the form of `IpSet`. Never throws. */
export function parseSavedSets(output: string): Map<string, SavedSet> {
  const sets = new Map<string, SavedSet & { readonly members: Set<string> }>()
  for (const line of output.split('\n')) {
    const [command, name = '', third = ''] = line.split(' ', 3)
    if (!OWN_NAME.test(name)) continue
    if (command === 'create') sets.set(name, parseCreate(line, third))
    const set = command === 'add' ? sets.get(name) : undefined
    if (set !== undefined && third !== '') set.members.add(canonicalMember(third, set))
  }
  return sets
}

/**
 * Members as the kernel can hold them: `hash:net` has no prefix of length 0, so that one is stored as its two halves. The same object
 * where nothing has to be rewritten.
 */
export function kernelMembers({ type, family, members }: Pick<IpSet, 'type' | 'family' | 'members'>): ReadonlySet<string> {
  const everything = family === 4 ? '0.0.0.0/0' : '::/0'
  if (type !== 'hash:net' || !members.has(everything)) return members
  const halves = family === 4 ? ['0.0.0.0/1', '128.0.0.0/1'] : ['::/1', '8000::/1']
  return new Set([...members, ...halves].filter((member) => member !== everything))
}

/**
 * The lines of `ipset restore -exist` that bring one set to what is wanted, additions first; none if it is so already.
 *
 * @param prune false: only make what is absent; members that are not wanted and a set of another shape stay
 */
export function setCommands(wanted: IpSet, actual: SavedSet | undefined, prune: boolean): string[] {
  const { name, type, family } = wanted
  const members = kernelMembers(wanted)
  if (actual === undefined) return fill(wanted, name, members)
  if (actual.type !== type || actual.family !== family) {
    // The kernel swaps only sets of one type, so this succeeds once no rule refers to the old set.
    return prune ? [`destroy ${name}`, ...fill(wanted, name, members)] : []
  }
  if (actual.maxMembers !== MAX_MEMBERS && prune) {
    return [`destroy ${SWAP_NAME}`, ...fill(wanted, SWAP_NAME, members), `swap ${SWAP_NAME} ${name}`, `destroy ${SWAP_NAME}`]
  }
  if (actual.members === members) return []
  const commands: string[] = []
  for (const member of members) if (!actual.members.has(member)) commands.push(`add ${name} ${member}`)
  if (prune) for (const member of actual.members) if (!members.has(member)) commands.push(`del ${name} ${member}`)
  return commands
}

function fill({ type, family }: IpSet, name: string, members: ReadonlySet<string>): string[] {
  const create = `create ${name} ${type} family ${family === 4 ? 'inet' : 'inet6'} maxelem ${MAX_MEMBERS}`
  return [create, ...[...members].map((member) => `add ${name} ${member}`)]
}

function parseCreate(line: string, type: string): SavedSet & { readonly members: Set<string> } {
  const maxMembers = Number(/ maxelem (\d+)/.exec(line)?.[1] ?? 0)
  return { type, family: line.includes(' family inet6') ? 6 : 4, maxMembers, members: new Set() }
}

/** The kernel writes a host in `hash:net` without its length, and libc writes the last four octets of some IPv6 addresses dotted. */
function canonicalMember(text: string, { type, family }: Pick<SavedSet, 'type' | 'family'>): string {
  const [address = '', rest = ''] = text.split(/(?=[/,])/, 2)
  const canonical = family === 6 && address.includes('.') ? (parseAddress(address) ?? address) : address
  const length = type === 'hash:net' && rest === '' ? `/${family === 4 ? 32 : 128}` : rest
  return canonical + length
}
