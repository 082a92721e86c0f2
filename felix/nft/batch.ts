import type { Family } from '../../src/net/address.ts'
import { HEADER_LENGTH, NLM_F_CREATE, NLM_F_REQUEST, putHeader } from '../netlink/netlink-message.ts'
import { AttributeWriter, networkU32 } from './attribute-writer.ts'
import { goTo, writeVerdict } from './expressions.ts'
import { type HookPlace, OWN_TABLE } from './names.ts'
import { ANONYMOUS_SET, type EncodedRule, type PortSet } from './rule-expressions.ts'
import { elementsOf, type NftSet, SET_INTERVAL, SET_MAP, type SetElement, shapeOf } from './set-elements.ts'

// linux/netfilter/nfnetlink.h, nf_tables.h: the subsystem in the upper octet
const BATCH_BEGIN = 0x10
const BATCH_END = 0x11
const NFTABLES = 10
export const messageTypes = {
  newTable: 0x0a00,
  getTable: 0x0a01,
  deleteTable: 0x0a02,
  newChain: 0x0a03,
  getChain: 0x0a04,
  deleteChain: 0x0a05,
  newRule: 0x0a06,
  getRule: 0x0a07,
  deleteRule: 0x0a08,
  newSet: 0x0a09,
  getSet: 0x0a0a,
  deleteSet: 0x0a0b,
  newElements: 0x0a0c,
  getElements: 0x0a0d,
  deleteElements: 0x0a0e,
} as const
export const families = { 4: 2, 6: 10 } as const
const NLM_F_APPEND = 0x800
const GENERIC_LENGTH = 4
/** An attribute cannot be longer than its u16 says; an element is far below the rest. */
const ELEMENT_LIST = 60_000
const ANONYMOUS = 1 | 2 // and constant
const SERVICE = 13
const VERDICT = 0xffff_ff00
const ACCEPT = 1
const ELEMENT_IS_END = 1

/** What one message of a batch is about: whom a refusal of it concerns. */
export type Subject = { readonly kind: 'table' | 'chain' | 'set'; readonly family: Family; readonly name: string }

/** One transaction of nf_tables: all of it happens at once, or none of it. */
export class Batch {
  readonly #writer = new AttributeWriter()
  /** By the number of its message. */
  readonly #subjects: (Subject | undefined)[] = [undefined, undefined]
  readonly #headerBytes = new Uint8Array(HEADER_LENGTH + GENERIC_LENGTH)
  #nextSetId = 1
  #isFinished = false

  constructor() {
    this.#header(BATCH_BEGIN, 0, 0, NFTABLES)
    this.#writer.patchLength(0)
  }

  /** Beside the beginning of the batch itself. */
  get isEmpty(): boolean {
    return this.#subjects.length === 2
  }

  /** Undefined: the batch as a whole. */
  subjectOf(sequence: number): Subject | undefined {
    return this.#subjects[sequence]
  }

  /** Which ids of sets without name are free. */
  get nextSetId(): number {
    return this.#nextSetId
  }

  addTable(family: Family): void {
    this.#message(messageTypes.newTable, NLM_F_CREATE, { kind: 'table', family, name: OWN_TABLE }, (w) => w.text(1, OWN_TABLE))
  }

  deleteTable(family: Family): void {
    this.#message(messageTypes.deleteTable, 0, { kind: 'table', family, name: OWN_TABLE }, (w) => w.text(1, OWN_TABLE))
  }

  /** One that is there stays as it is. */
  addChain(family: Family, name: string, place?: HookPlace): void {
    this.#message(messageTypes.newChain, NLM_F_CREATE, { kind: 'chain', family, name }, (w) => {
      w.text(1, OWN_TABLE)
      w.text(3, name)
      if (place === undefined) return
      w.nested(4, () => {
        w.u32(1, place.hook)
        w.u32(2, place.priority)
      })
      w.u32(5, ACCEPT)
      w.text(7, place.type)
    })
  }

  flushChain(family: Family, name: string): void {
    this.#message(messageTypes.deleteRule, 0, { kind: 'chain', family, name }, (w) => {
      w.text(1, OWN_TABLE)
      w.text(2, name)
    })
  }

  deleteChain(family: Family, name: string): void {
    this.#message(messageTypes.deleteChain, 0, { kind: 'chain', family, name }, (w) => {
      w.text(1, OWN_TABLE)
      w.text(3, name)
    })
  }

  /** Behind those that are there. @param comment at most 127 octets */
  addRule(family: Family, chain: string, { expressions, portSets }: EncodedRule, comment: string): void {
    const subject: Subject = { kind: 'chain', family, name: chain }
    for (const set of portSets) this.#addPortSet(subject, set)
    this.#nextSetId += portSets.length
    this.#message(messageTypes.newRule, NLM_F_CREATE | NLM_F_APPEND, subject, (w) => {
      w.text(1, OWN_TABLE)
      w.text(2, chain)
      w.nested(4, () => w.raw(expressions))
      w.octets(7, commentData(comment))
    })
  }

  addSet(set: NftSet): void {
    const { flags, keyType, keyLength, keyOrder } = shapeOf(set)
    this.#message(messageTypes.newSet, NLM_F_CREATE, subjectOfSet(set), (w) => {
      w.text(1, OWN_TABLE)
      w.text(2, set.name)
      w.u32(3, flags)
      w.u32(4, keyType)
      w.u32(5, keyLength)
      if ((flags & SET_MAP) !== 0) {
        w.u32(6, VERDICT)
        w.u32(7, 0)
      }
      w.u32(10, this.#nextSetId++)
      w.octets(13, keyOrderData(keyOrder))
    })
  }

  deleteSet(set: Pick<NftSet, 'family' | 'name'>): void {
    this.#message(messageTypes.deleteSet, 0, subjectOfSet(set), (w) => {
      w.text(1, OWN_TABLE)
      w.text(2, set.name)
    })
  }

  flushSet(set: Pick<NftSet, 'family' | 'name'>): void {
    this.#message(messageTypes.deleteElements, 0, subjectOfSet(set), (w) => {
      w.text(1, OWN_TABLE)
      w.text(2, set.name)
    })
  }

  /** @param members not in the set yet */
  addMembers(set: Pick<NftSet, 'family' | 'name' | 'type'>, members: Iterable<string>): void {
    this.#members(messageTypes.newElements, NLM_F_CREATE, set, members)
  }

  /** @param members that are in the set, every one: the kernel refuses to delete what is not there */
  deleteMembers(set: Pick<NftSet, 'family' | 'name' | 'type'>, members: Iterable<string>): void {
    this.#members(messageTypes.deleteElements, 0, set, members)
  }

  /** The octets of it. Nothing more may be put into it then. */
  finish(): Uint8Array {
    if (!this.#isFinished) {
      const at = this.#writer.length
      this.#header(BATCH_END, this.#subjects.length, 0, NFTABLES)
      this.#writer.patchLength(at)
    }
    this.#isFinished = true
    return this.#writer.bytes
  }

  #members(type: number, flags: number, set: Pick<NftSet, 'family' | 'name' | 'type'>, members: Iterable<string>): void {
    const rest = members[Symbol.iterator]()
    let next = rest.next()
    while (!next.done) {
      this.#message(type, flags, subjectOfSet(set), (w) => {
        w.text(1, OWN_TABLE)
        w.text(2, set.name)
        w.nested(3, () => {
          const from = w.length
          for (; !next.done && w.length - from < ELEMENT_LIST; next = rest.next()) {
            for (const element of elementsOf(set, next.value)) writeElement(w, element)
          }
        })
      })
    }
  }

  /** A set of the rule that follows it: it goes with the rule. */
  #addPortSet(subject: Subject, { id, ports }: PortSet): void {
    const isInterval = ports.some(({ from, to }) => from !== to)
    this.#message(messageTypes.newSet, NLM_F_CREATE, subject, (w) => {
      w.text(1, OWN_TABLE)
      w.text(2, ANONYMOUS_SET)
      w.u32(3, ANONYMOUS | (isInterval ? SET_INTERVAL : 0))
      w.u32(4, SERVICE)
      w.u32(5, 2)
      w.nested(9, () => w.u32(1, isInterval ? ports.length * 2 : ports.length))
      w.u32(10, id)
      w.octets(13, keyOrderData(2))
    })
    this.#message(messageTypes.newElements, NLM_F_CREATE, subject, (w) => {
      w.text(1, OWN_TABLE)
      w.text(2, ANONYMOUS_SET)
      w.u32(4, id)
      w.nested(3, () => {
        for (const { from, to } of ports) {
          writeElement(w, { key: portBytes(from) })
          if (isInterval && to < 0xffff) writeElement(w, { key: portBytes(to + 1), isEnd: true })
        }
      })
    })
  }

  #message(type: number, flags: number, subject: Subject, body: (writer: AttributeWriter) => void): void {
    const at = this.#writer.length
    this.#header(type, this.#subjects.length, flags, 0, families[subject.family])
    this.#subjects.push(subject)
    body(this.#writer)
    this.#writer.patchLength(at)
  }

  /** nfgenmsg: family u8 | version u8 | resource u16, network order */
  #header(type: number, sequence: number, flags: number, resource: number, family = 0): void {
    const header = this.#headerBytes
    putHeader(header, 0, header.length, type, NLM_F_REQUEST | flags, Math.max(1, sequence))
    header[HEADER_LENGTH] = family
    header[HEADER_LENGTH + 3] = resource
    this.#writer.raw(header)
  }
}

function writeElement(w: AttributeWriter, { key, isEnd, chain }: SetElement): void {
  w.nested(1, () => {
    w.nested(1, () => w.octets(1, key))
    if (chain !== undefined) w.nested(2, () => writeVerdict(w, goTo(chain)))
    if (isEnd) w.u32(3, ELEMENT_IS_END)
  })
}

function subjectOfSet({ family, name }: Pick<NftSet, 'family' | 'name'>): Subject {
  return { kind: 'set', family, name }
}

/** What `nft` keeps with a rule (libnftnl/udata.h): type 0 is the comment, with its zero. */
function commentData(comment: string): Uint8Array {
  return Buffer.from([0, comment.length + 1, ...Buffer.from(comment), 0])
}

/** The same for a set: type 0 is the order of its keys' octets, in the machine's order. */
function keyOrderData(order: number): Uint8Array {
  return Uint8Array.from([0, 4, ...new Uint8Array(Uint32Array.of(order).buffer)])
}

function portBytes(port: number): Uint8Array {
  return networkU32(port).subarray(2)
}
