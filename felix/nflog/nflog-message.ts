/**
 * The copies of packets that rules with NFLOG make, as nfnetlink_log tells them (linux/netfilter/nfnetlink_log.h), over bytes only. Its
 * numbers are big-endian, unlike the rest of netlink.
 *
 *   body  family u8 | version u8 | group u16, then attributes
 */
import {
  eachAttribute,
  HEADER_LENGTH,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
  putAttribute,
  putHeader,
  readText,
} from '../netlink/netlink-message.ts'
import { type PacketHeader, readPacketHeader } from './packet-header.ts'

const NFNL_SUBSYS_ULOG = 4
const NFULNL_MSG_PACKET = (NFNL_SUBSYS_ULOG << 8) | 0
const NFULNL_MSG_CONFIG = (NFNL_SUBSYS_ULOG << 8) | 1
const BODY_LENGTH = 4

const NFULA_MARK = 2
const NFULA_TIMESTAMP = 3
const NFULA_IFINDEX_INDEV = 4
const NFULA_IFINDEX_OUTDEV = 5
const NFULA_PAYLOAD = 9
const NFULA_PREFIX = 10
const NFULA_SEQ = 12

const NFULA_CFG_CMD = 1
const NFULA_CFG_MODE = 2
const NFULA_CFG_NLBUFSIZ = 3
const NFULA_CFG_TIMEOUT = 4
const NFULA_CFG_QTHRESH = 5
const NFULA_CFG_FLAGS = 6
const CMD_BIND = 1
const COPY_PACKET = 2
const FLAG_SEQ = 1

/**
 * @property prefix what the rule says of the packet
 * @property inIndex interface it came in by; 0: it is the host's own  @property outIndex the one it leaves by; 0: it is for the host
 * @property sequence counts the copies of the group, modulo 2^32: a gap is what the kernel could not hand over
 * @property atMs wall clock, where the kernel noted it
 */
export type PacketCopy = {
  readonly prefix: string
  readonly inIndex: number
  readonly outIndex: number
  readonly mark: number
  readonly sequence?: number
  readonly atMs?: number
  readonly packet: PacketHeader
}

/**
 * @property copyOctets of each packet, at most
 * @property bufferOctets, mostCopies, waitMs when the kernel hands over what it has gathered: whatever comes first
 */
export type CopyOptions = {
  readonly group: number
  readonly copyOctets: number
  readonly bufferOctets: number
  readonly mostCopies: number
  readonly waitMs: number
}

/** Asks for the copies of a group: one message, to be acknowledged. EPERM: another socket has the group. */
export function copiesRequest(options: CopyOptions, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + BODY_LENGTH + 52)
  bytes[HEADER_LENGTH + 2] = options.group >>> 8
  bytes[HEADER_LENGTH + 3] = options.group
  const attributes: readonly [type: number, payload: Uint8Array][] = [
    [NFULA_CFG_CMD, Uint8Array.of(CMD_BIND)],
    [NFULA_CFG_MODE, Uint8Array.of(...bigEndian(options.copyOctets), COPY_PACKET, 0)],
    [NFULA_CFG_NLBUFSIZ, bigEndian(options.bufferOctets)],
    [NFULA_CFG_TIMEOUT, bigEndian(Math.ceil(options.waitMs / 10))],
    [NFULA_CFG_QTHRESH, bigEndian(options.mostCopies)],
    [NFULA_CFG_FLAGS, Uint8Array.of(0, FLAG_SEQ)],
  ]
  let end = HEADER_LENGTH + BODY_LENGTH
  for (const [type, payload] of attributes) end = putAttribute(bytes, end, type, payload)
  putHeader(bytes, 0, end, NFULNL_MSG_CONFIG, NLM_F_REQUEST | NLM_F_ACK, sequence)
  return bytes.subarray(0, end)
}

/** The copy in a message; undefined for other messages and for what is no IP packet. Keeps nothing of `bytes`. */
export function readPacketCopy(bytes: Uint8Array, message: NetlinkMessage): PacketCopy | undefined {
  if (message.type !== NFULNL_MSG_PACKET || message.body + BODY_LENGTH > message.end) return undefined
  let packet: PacketHeader | undefined
  let prefix = ''
  const numbers = { inIndex: 0, outIndex: 0, mark: 0 }
  const optional: { sequence?: number; atMs?: number } = {}
  eachAttribute(bytes, message.body + BODY_LENGTH, message.end, (type, from, to) => {
    if (type === NFULA_PAYLOAD) packet = readPacketHeader(bytes, from, to)
    else if (type === NFULA_PREFIX) prefix = readText(bytes, from, to)
    else if (type === NFULA_TIMESTAMP && to - from === 16) optional.atMs = timestampMs(bytes, from)
    else if (to - from !== 4) return
    else if (type === NFULA_IFINDEX_INDEV) numbers.inIndex = u32be(bytes, from)
    else if (type === NFULA_IFINDEX_OUTDEV) numbers.outIndex = u32be(bytes, from)
    else if (type === NFULA_MARK) numbers.mark = u32be(bytes, from)
    else if (type === NFULA_SEQ) optional.sequence = u32be(bytes, from)
  })
  return packet && { prefix, ...numbers, ...optional, packet }
}

/** seconds u64 | microseconds u64 */
function timestampMs(bytes: Uint8Array, at: number): number {
  return (u32be(bytes, at) * 2 ** 32 + u32be(bytes, at + 4)) * 1000 + u32be(bytes, at + 12) / 1000
}

function u32be(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4)
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
