/** For tests only: entries in the connection tracking of this process's network namespace. Needs root. */
import { readFile } from 'node:fs/promises'
import { addressBytes } from '../../src/net/address.ts'
import {
  HEADER_LENGTH,
  messagesIn,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  putAttribute,
  putHeader,
  readError,
} from '../netlink/netlink-message.ts'
import { errnoName, NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.ts'

/**
 * A UDP connection.
 * @property replyFrom, replyTo where answers come from and go to, if addresses are translated  @property zone other than 0
 */
export type TestEntry = {
  readonly from: string
  readonly to: string
  readonly port: number
  readonly replyFrom?: string
  readonly replyTo?: string
  readonly zone?: number
}

const IPCTNL_MSG_CT_NEW = 0x100
const UDP = 17
const AF = { 4: 2, 6: 10 }
const [TUPLE_ORIG, TUPLE_REPLY, TIMEOUT, ZONE] = [0x8001, 0x8002, 7, 18]
const [TUPLE_IP, TUPLE_PROTO] = [0x8001, 0x8002]
const PIECE = 200

/** Makes entries as `conntrack -I` does. */
export async function makeEntries(entries: readonly TestEntry[]): Promise<void> {
  const socket = await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, receiveBuffer: 1024 * 1024 })
  const answer = new Uint8Array(65_536)
  try {
    for (let at = 0; at < entries.length; at += PIECE) {
      socket.send(Buffer.concat(entries.slice(at, at + PIECE).map(entryMessage)))
      const [refusal] = messagesIn(answer, socket.receive(answer))
      const errno = (refusal && readError(answer, refusal)?.errno) ?? 0
      if (errno !== 0) throw new Error(`the kernel takes no entry: ${errnoName(errno)}`)
    }
  } finally {
    socket.close()
  }
}

/** A message with the entry, as the kernel tells it and takes it. */
export function entryMessage({ from, to, port, replyFrom = to, replyTo = from, zone }: TestEntry): Uint8Array {
  const bytes = new Uint8Array(512)
  bytes[HEADER_LENGTH] = from.includes(':') ? AF[6] : AF[4]
  let end = HEADER_LENGTH + 4
  end = putAttribute(bytes, end, TUPLE_ORIG, tuple(from, to, 9, port))
  end = putAttribute(bytes, end, TUPLE_REPLY, tuple(replyFrom, replyTo, port, 9))
  end = putAttribute(bytes, end, TIMEOUT, Uint8Array.of(0, 0, 0x0e, 0x10))
  if (zone !== undefined) end = putAttribute(bytes, end, ZONE, Uint8Array.of(zone >> 8, zone))
  putHeader(bytes, 0, end, IPCTNL_MSG_CT_NEW, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, 1)
  return bytes.slice(0, end)
}

/** What the kernel has, sorted: "10.0.0.1 > 10.0.0.2, 10.0.0.2 > 10.0.0.1, zone 5". Addresses as the kernel writes them. */
export async function entries(): Promise<readonly string[]> {
  const lines = (await readFile('/proc/net/nf_conntrack', 'utf8')).split('\n').filter(Boolean)
  return lines
    .map((line) => {
      const [from, replyFrom] = [...line.matchAll(/src=(\S+)/g)].map(([, address]) => address)
      const [to, replyTo] = [...line.matchAll(/dst=(\S+)/g)].map(([, address]) => address)
      const zone = / zone=([1-9]\d*)/.exec(line)?.[1]
      return `${from} > ${to}, ${replyFrom} > ${replyTo}${zone === undefined ? '' : `, zone ${zone}`}`
    })
    .toSorted()
}

function tuple(from: string, to: string, fromPort: number, toPort: number): Uint8Array {
  const bytes = new Uint8Array(128)
  const family = from.includes(':') ? 2 : 0
  const ip = attributes([1 + family, octets(from)], [2 + family, octets(to)])
  const proto = attributes([1, Uint8Array.of(UDP)], [2, port(fromPort)], [3, port(toPort)])
  return bytes.slice(0, putAttribute(bytes, putAttribute(bytes, 0, TUPLE_IP, ip), TUPLE_PROTO, proto))
}

function attributes(...list: readonly [type: number, payload: Uint8Array][]): Uint8Array {
  const bytes = new Uint8Array(64)
  let end = 0
  for (const [type, payload] of list) end = putAttribute(bytes, end, type, payload)
  return bytes.slice(0, end)
}

function port(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number)
}

function octets(address: string): Uint8Array {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`${address} is no address`)
  return bytes
}
