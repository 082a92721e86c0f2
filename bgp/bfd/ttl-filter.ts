/**
 * Classic BPF (linux/filter.h) for the sockets that take BFD: the kernel drops what has come too far (RFC 5881 §5), before the process is
 * woken. Linux checks IP_MINTTL on TCP only, and `node:dgram` does not tell the TTL of a datagram.
 */
import { addressBytes, type Family, type IpAddress } from '../../src/net/address.ts'
import { u32At } from '../wire/octets.ts'

/** TTL or hop limit a packet from `source` must have left, 1..255. */
export type TtlRule = { readonly source: IpAddress; readonly minTtl: number }

type Instruction = readonly [code: number, jumpIfTrue: number, jumpIfFalse: number, operand: number]

const LOAD_WORD = 0x20
const LOAD_BYTE = 0x30
const JUMP_IF_EQUAL = 0x15
const JUMP_IF_AT_LEAST = 0x35
const RETURN = 0x06
const NETWORK_HEADER = 0xfff0_0000 // SKF_NET_OFF: counted from the IP header
const drop: Instruction = [RETURN, 0, 0, 0]
const pass: Instruction = [RETURN, 0, 0, 0xffff_ffff]
const MAX_INSTRUCTIONS = 4096

const ttlOffset = { 4: NETWORK_HEADER + 8, 6: NETWORK_HEADER + 7 } as const
const sourceOffset = { 4: NETWORK_HEADER + 12, 6: NETWORK_HEADER + 8 } as const

/** RFC 5881 §5: only what was sent on this very link, with TTL 255 left. */
export function singleHopFilter(family: Family): Uint8Array {
  return bytesOf([...atLeast(family, 255), drop])
}

/**
 * RFC 5883 §3: packets of several hops, from any source but with `rules` for some.
 * @throws RangeError for more rules than a program can hold: 682 for IPv4, 341 for IPv6
 */
export function multihopFilter(family: Family, rules: readonly TtlRule[]): Uint8Array {
  const program = [...rules.flatMap((rule) => from(family, rule)), pass]
  if (program.length > MAX_INSTRUCTIONS) throw new RangeError(`${rules.length} BFD peers with ttlSecurity on one address are too many`)
  return bytesOf(program)
}

/** For a socket that only sends. */
export function dropAll(): Uint8Array {
  return bytesOf([drop])
}

/** Decides for packets of one source; others go on to what follows. */
function from(family: Family, { source, minTtl }: TtlRule): readonly Instruction[] {
  const octets = addressBytes(source)
  if (octets === undefined) throw new Error(`"${source}" was taken for a checked address`)
  const verdict = [...atLeast(family, minTtl), drop]
  const words = octets.length / 4
  return [
    ...Array.from({ length: words }, (_, i): Instruction[] => [
      [LOAD_WORD, 0, 0, sourceOffset[family] + 4 * i],
      [JUMP_IF_EQUAL, 0, 2 * (words - 1 - i) + verdict.length, u32At(octets, 4 * i)],
    ]).flat(),
    ...verdict,
  ]
}

/** Passes what has the TTL; the next instruction is for what has not. */
function atLeast(family: Family, minTtl: number): readonly Instruction[] {
  return [[LOAD_BYTE, 0, 0, ttlOffset[family]], [JUMP_IF_AT_LEAST, 0, 1, minTtl], pass]
}

/** struct sock_filter:  code u16 | jt u8 | jf u8 | k u32, in the order of the machine */
function bytesOf(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8)
  const codes = new Uint16Array(bytes.buffer)
  const operands = new Uint32Array(bytes.buffer)
  for (const [i, [code, jumpIfTrue, jumpIfFalse, operand]] of program.entries()) {
    codes[i * 4] = code
    bytes[i * 8 + 2] = jumpIfTrue
    bytes[i * 8 + 3] = jumpIfFalse
    operands[i * 2 + 1] = operand
  }
  return bytes
}
