/** For tests only: packets and their copies, as nfnetlink_log would tell them. */
import { addressBytes } from '../src/net/address.ts'
import { type TestAttribute, testMessage } from './test-netlink.ts'

type Ends = { readonly source: string; readonly destination: string }

/** @param upper what follows the header  @param more octets of options (a multiple of 4), fragment offset in units of 8 octets */
export function ipv4Packet(
  ends: Ends,
  protocol: number,
  upper: readonly number[],
  { options = 0, fragmentOffset = 0 }: { readonly options?: number; readonly fragmentOffset?: number } = {},
): Uint8Array {
  const bytes = new Uint8Array(20 + options + upper.length)
  bytes[0] = 0x40 | (5 + options / 4)
  bytes[6] = fragmentOffset >> 8
  bytes[7] = fragmentOffset
  bytes[9] = protocol
  bytes.set(octetsOf(ends.source), 12)
  bytes.set(octetsOf(ends.destination), 16)
  bytes.set(upper, 20 + options)
  return bytes
}

/** @param nextHeader of `upper`, which may begin with extension headers */
export function ipv6Packet(ends: Ends, nextHeader: number, upper: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(40 + upper.length)
  bytes[0] = 0x60
  bytes[6] = nextHeader
  bytes.set(octetsOf(ends.source), 8)
  bytes.set(octetsOf(ends.destination), 24)
  bytes.set(upper, 40)
  return bytes
}

const PACKET_MESSAGE = 0x400

/** A message of nfnetlink_log with these attributes. */
export function copyMessage(...attributes: TestAttribute[]): Uint8Array {
  return testMessage(PACKET_MESSAGE, Uint8Array.of(2, 0, 0, 116), attributes)
}

function octetsOf(address: string): Uint8Array {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`${address} is no address`)
  return bytes
}
