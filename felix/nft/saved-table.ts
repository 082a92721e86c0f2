import type { Family } from '../../src/net/address.ts'
import { eachAttribute, readText } from '../netlink/netlink-message.ts'
import { attributesOf, bigEndian, commentOf, type Range } from './attribute-reader.ts'
import { messageTypes } from './batch.ts'
import { OWN_TABLE } from './names.ts'
import type { NftSocket, Visit } from './nft-socket.ts'
import type { Comparison, SetContent } from './set-content.ts'
import { elementId, type SetElement, type SetShape } from './set-elements.ts'

/** @property hashes of its rules; undefined stands for a rule somebody else put there */
type SavedChain = { readonly type: 'chain'; readonly name: string; readonly hashes: readonly (string | undefined)[] }

/**
 * @property size how many elements were seen; of a network, its two ends
 * @property content what was expected in it, where that is what it holds
 */
export type SavedSet = {
  readonly type: 'set'
  readonly name: string
  readonly shape: Omit<SetShape, 'keyOrder'>
  readonly size: number
  readonly content?: SetContent
}

export type SavedObject = SavedChain | SavedSet

/** Of sets without a name, which come with their rules. */
const ANONYMOUS = 1

/**
 * What the kernel has in our table of one family, one object after the other, none of it kept.
 *
 * @param expected what a set should hold; undefined: nothing is known of it
 * @throws Error where it cannot be read
 */
export async function* readTable(
  socket: NftSocket,
  family: Family,
  expected: (set: string) => SetContent | undefined,
): AsyncGenerator<SavedObject, void, undefined> {
  for (const name of await readChainNames(socket, family)) {
    yield { type: 'chain', name, hashes: await readRules(socket, family, name, hashOf) }
  }
  for (const [name, shape] of await readShapes(socket, family)) {
    const content = expected(name)
    const elements = new Set<string>()
    const found = await compareRead(content, elements, () => readElements(socket, family, name, elements), socket)
    const isAsExpected = found === 'all' && content !== undefined && content.hasShape(shape)
    yield { type: 'set', name, shape, size: elements.size, ...(isAsExpected && { content }) }
  }
}

/**
 * Reads a set until what is expected was seen, or a reading shows nothing new: while the kernel makes room for tens of thousands of new
 * elements, a reading misses some of those that are there.
 *
 * @param elements to which `read` adds what it sees
 */
export async function compareRead(
  content: Pick<SetContent, 'compare'> | undefined,
  elements: ReadonlySet<string>,
  read: () => Promise<unknown>,
  turns: Pick<NftSocket, 'giveWay'>,
): Promise<Comparison> {
  for (let before = -1; ; before = elements.size) {
    await read()
    const found = content === undefined ? 'other' : await compare(content, elements, turns)
    if (found !== 'some' || elements.size === before) return found
  }
}

async function compare(
  content: Pick<SetContent, 'compare'>,
  elements: ReadonlySet<string>,
  turns: Pick<NftSocket, 'giveWay'>,
): Promise<Comparison> {
  const comparing = content.compare(elements)
  for (;;) {
    const { done, value } = comparing.next()
    if (done) return value
    await turns.giveWay()
  }
}

/** Whether our table is there, with anything in it or not. */
export async function tableExists(socket: NftSocket, family: Family): Promise<boolean> {
  return (await namesOf(socket, messageTypes.getTable, family, 1)).includes(OWN_TABLE)
}

/** @throws Error where they cannot be read */
export function readChainNames(socket: NftSocket, family: Family): Promise<readonly string[]> {
  return namesOf(socket, messageTypes.getChain, family, 3)
}

async function namesOf(socket: NftSocket, type: number, family: Family, nameAttribute: number): Promise<readonly string[]> {
  const names: string[] = []
  const visit: Visit = (bytes, message) => {
    const { texts } = attributesOf(bytes, message, [1, nameAttribute])
    if (texts.get(1) === OWN_TABLE) names.push(texts.get(nameAttribute) ?? '')
  }
  await socket.dump({ type, family }, visit, () => void names.splice(0))
  return names
}

/**
 * A chain's rules are read by themselves: those of 10,000 chains at once take three times as long, and whatever is written meanwhile would
 * make that a reading of no moment at all.
 *
 * @throws Error where they cannot be read
 */
export async function readRules<Read>(
  socket: NftSocket,
  family: Family,
  chain: string,
  read: (bytes: Uint8Array, attributes: ReadonlyMap<number, Range>) => Read,
): Promise<readonly Read[]> {
  const rules: Read[] = []
  const visit: Visit = (bytes, message) => rules.push(read(bytes, attributesOf(bytes, message, []).ranges))
  await socket.dump({ type: messageTypes.getRule, family, of: chain }, visit, () => void rules.splice(0))
  return rules
}

/** A rule of ours begins its comment with 16 characters and a space, or nothing more. */
function hashOf(bytes: Uint8Array, rule: ReadonlyMap<number, Range>): string | undefined {
  return /^([\w-]{16})(?: |$)/.exec(commentOf(bytes, rule.get(7)) ?? '')?.[1]
}

async function readShapes(socket: NftSocket, family: Family): Promise<ReadonlyMap<string, SavedSet['shape']>> {
  const shapes = new Map<string, SavedSet['shape']>()
  const visit: Visit = (bytes, message) => {
    const { texts, ranges } = attributesOf(bytes, message, [1, 2])
    const number = (type: number) => bigEndian(bytes, ranges.get(type))
    const shape = { flags: number(3), keyType: number(4), keyLength: number(5) }
    if (texts.get(1) === OWN_TABLE && (shape.flags & ANONYMOUS) === 0) shapes.set(texts.get(2) ?? '', shape)
  }
  await socket.dump({ type: messageTypes.getSet, family }, visit, () => shapes.clear())
  return shapes
}

/** Only what is written to the set itself can upset this, so it is not begun anew for everything that is written elsewhere. */
function readElements(socket: NftSocket, family: Family, set: string, into: Set<string>): Promise<unknown> {
  return socket.dumpOnce({ type: messageTypes.getElements, family, of: set }, (bytes, message) => {
    const list = attributesOf(bytes, message, []).ranges.get(3)
    if (list === undefined) return
    eachAttribute(bytes, list.from, list.to, (_, from, to) => into.add(elementId(readElement(bytes, from, to))))
  })
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
