import type { Family } from '../../src/net/address.ts'
import { eachAttribute, type NetlinkMessage, readText } from '../netlink/netlink-message.ts'
import { messageTypes } from './batch.ts'
import { OWN_TABLE } from './names.ts'
import type { NftSocket } from './nft-socket.ts'
import { elementId, type SetElement, type SetShape } from './set-elements.ts'

/** @property elements by `elementId` */
export type SavedSet = { readonly shape: Omit<SetShape, 'keyOrder'>; readonly elements: ReadonlySet<string> }

/**
 * What the kernel has in our table of one family.
 *
 * @property exists whether the table is there at all
 * @property chains the hash of each rule; undefined stands for a rule somebody else put there
 */
export type SavedTable = {
  readonly exists: boolean
  readonly chains: ReadonlyMap<string, readonly (string | undefined)[]>
  readonly sets: ReadonlyMap<string, SavedSet>
}

/** nfgenmsg before the attributes. */
const GENERIC_LENGTH = 4
const ANONYMOUS = 1

/** @throws Error where it cannot be read */
export async function readTable(socket: NftSocket, family: Family): Promise<SavedTable> {
  const chains = new Map<string, (string | undefined)[]>()
  let shapes = new Map<string, SavedSet['shape']>()
  const isOurs = (texts: ReadonlyMap<number, string>) => texts.get(1) === OWN_TABLE
  await socket.dump(
    { type: messageTypes.getChain, family },
    (bytes, message) => {
      const { texts } = attributesOf(bytes, message, [1, 3])
      if (isOurs(texts)) chains.set(texts.get(3) ?? '', [])
    },
    () => chains.clear(),
  )
  await socket.dump(
    { type: messageTypes.getRule, family },
    (bytes, message) => {
      const { texts, ranges } = attributesOf(bytes, message, [1, 2])
      if (isOurs(texts)) chains.get(texts.get(2) ?? '')?.push(hashOf(bytes, ranges.get(7)))
    },
    () => chains.forEach((rules) => void rules.splice(0)),
  )
  await socket.dump(
    { type: messageTypes.getSet, family },
    (bytes, message) => {
      const { texts, ranges } = attributesOf(bytes, message, [1, 2])
      const number = (type: number) => bigEndian(bytes, ranges.get(type))
      const shape = { flags: number(3), keyType: number(4), keyLength: number(5) }
      if (isOurs(texts) && (shape.flags & ANONYMOUS) === 0) shapes.set(texts.get(2) ?? '', shape)
    },
    () => {
      shapes = new Map()
    },
  )
  const sets = new Map<string, SavedSet>()
  for (const [name, shape] of shapes) sets.set(name, { shape, elements: await readElements(socket, family, name) })
  return { exists: chains.size + sets.size > 0 || (await tableExists(socket, family)), chains, sets }
}

/** Whether our table is there, with anything in it or not. */
export async function tableExists(socket: NftSocket, family: Family): Promise<boolean> {
  let exists = false
  await socket.dump(
    { type: messageTypes.getTable, family },
    (bytes, message) => {
      if (attributesOf(bytes, message, [1]).texts.get(1) === OWN_TABLE) exists = true
    },
    () => {
      exists = false
    },
  )
  return exists
}

async function readElements(socket: NftSocket, family: Family, set: string): Promise<ReadonlySet<string>> {
  const elements = new Set<string>()
  await socket.dump(
    { type: messageTypes.getElements, family, set },
    (bytes, message) => {
      const list = attributesOf(bytes, message, []).ranges.get(3)
      if (list === undefined) return
      eachAttribute(bytes, list.from, list.to, (_, from, to) => elements.add(elementId(readElement(bytes, from, to))))
    },
    () => elements.clear(),
  )
  return elements
}

/** An element has its key, perhaps flags, and in a map the verdict: where to. */
function readElement(bytes: Uint8Array, at: number, end: number): SetElement {
  const ranges = new Map<number, Range>()
  eachAttribute(bytes, at, end, (type, from, to) => ranges.set(type, { from, to }))
  const [key, verdict] = [ranges.get(1), ranges.get(2)]
  return {
    key: key === undefined ? new Uint8Array() : bytes.slice(key.from + 4, key.to),
    ...(bigEndian(bytes, ranges.get(3)) % 2 === 1 && { isEnd: true }),
    ...(verdict !== undefined && { chain: verdictChain(bytes, verdict.from, verdict.to) }),
  }
}

function verdictChain(bytes: Uint8Array, at: number, end: number): string {
  let chain = ''
  eachAttribute(bytes, at, end, (_, verdict, verdictEnd) =>
    eachAttribute(bytes, verdict, verdictEnd, (type, from, to) => {
      if (type === 2) chain = readText(bytes, from, to)
    }),
  )
  return chain
}

/** Octets of a message. */
export type Range = { readonly from: number; readonly to: number }

/** The attributes of a message in nf_tables by type: some as text, the others as where they are. */
export function attributesOf(
  bytes: Uint8Array,
  { body, end }: NetlinkMessage,
  asText: readonly number[],
): { readonly texts: ReadonlyMap<number, string>; readonly ranges: ReadonlyMap<number, Range> } {
  const texts = new Map<number, string>()
  const ranges = new Map<number, Range>()
  eachAttribute(bytes, body + GENERIC_LENGTH, end, (type, from, to) => {
    if (asText.includes(type)) texts.set(type, readText(bytes, from, to))
    else ranges.set(type, { from, to })
  })
  return { texts, ranges }
}

/** A rule of ours begins its comment with 16 characters and a space, or nothing more. */
function hashOf(bytes: Uint8Array, userData: Range | undefined): string | undefined {
  return /^([\w-]{16})(?: |$)/.exec(commentOf(bytes, userData) ?? '')?.[1]
}

/** @param userData of a rule, in which its comment comes first */
export function commentOf(bytes: Uint8Array, userData: Range | undefined): string | undefined {
  return userData === undefined || bytes[userData.from] !== 0 ? undefined : readText(bytes, userData.from + 2, userData.to)
}

/** A number in network order, of any length. */
export function bigEndian(bytes: Uint8Array, range: Range | undefined): number {
  let value = 0
  for (let at = range?.from ?? 0; at < (range?.to ?? 0); at++) value = value * 256 + (bytes[at] ?? 0)
  return value
}
