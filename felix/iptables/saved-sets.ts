/** The output of `ipset save`: a line for each set, each with a line for each of its members behind it. */
import { parseAddress } from '../../src/net/address.ts'
import type { SavedSet } from './ip-set-text.ts'
import { OutputLines } from './output-lines.ts'

/** Every set we make is named so, and every set named so is ours: "tort", the family, a letter for what it holds, a colon. */
const OWN_NAME = /^tort(?:[46][a-z]:|-swap$)/

export type SavedShape = Pick<SavedSet, 'type' | 'family' | 'maxMembers'>

/** Told of our sets in the order of the output. @property onMember of the set that was told last; in the form of `IpSet` */
export type SavedSetsVisitor = {
  readonly onSet: (name: string, shape: SavedShape) => void
  readonly onMember: (member: string) => void
}

/** Reads the whole output: our sets by name. Never throws. */
export function parseSavedSets(output: string): Map<string, SavedSet> {
  const sets = new Map<string, SavedSet>()
  let members = new Set<string>()
  const reader = new SavedSetsReader({
    onSet: (name, shape) => {
      members = new Set()
      sets.set(name, { ...shape, members })
    },
    onMember: (member) => members.add(member),
  })
  reader.take(`${output}\n`)
  return sets
}

/** Reads the output in parts that begin and end anywhere, and keeps nothing of it. Never throws. */
export class SavedSetsReader {
  readonly #visitor: SavedSetsVisitor
  readonly #lines = new OutputLines((line) => this.#takeLine(line))
  #name = ''
  /** Of the set whose members come; undefined: not one of ours. */
  #shape: SavedShape | undefined

  constructor(visitor: SavedSetsVisitor) {
    this.#visitor = visitor
  }

  take(part: string): void {
    this.#lines.take(part)
  }

  /** There are 100,000 of them: no list of words is made of each. */
  #takeLine(line: string): void {
    const nameAt = line.indexOf(' ') + 1
    const nameEnd = line.indexOf(' ', nameAt)
    if (nameAt === 0 || nameEnd < 0) return
    const isMember = line.startsWith('add ')
    if (!isMember && !line.startsWith('create ')) return
    const name = line.slice(nameAt, nameEnd)
    const valueEnd = line.indexOf(' ', nameEnd + 1)
    const value = line.slice(nameEnd + 1, valueEnd < 0 ? line.length : valueEnd)
    if (!isMember) this.#begin(name, line, value)
    else if (this.#shape !== undefined && name === this.#name) this.#visitor.onMember(canonicalMember(value, this.#shape))
  }

  #begin(name: string, line: string, type: string): void {
    this.#name = name
    this.#shape = OWN_NAME.test(name) ? shapeOf(line, type) : undefined
    if (this.#shape !== undefined) this.#visitor.onSet(name, this.#shape)
  }
}

function shapeOf(line: string, type: string): SavedShape {
  const maxMembers = Number(/ maxelem (\d+)/.exec(line)?.[1] ?? 0)
  return { type, family: line.includes(' family inet6') ? 6 : 4, maxMembers }
}

/** The kernel writes a host in `hash:net` without its length, and libc writes the last four octets of some IPv6 addresses dotted. */
function canonicalMember(text: string, { type, family }: SavedShape): string {
  if (family === 4 && type !== 'hash:net') return text
  const [address = '', rest = ''] = text.split(/(?=[/,])/, 2)
  const canonical = family === 6 && address.includes('.') ? (parseAddress(address) ?? address) : address
  const length = type === 'hash:net' && rest === '' ? `/${family === 4 ? 32 : 128}` : rest
  return canonical + length
}
