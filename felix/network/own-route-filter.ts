import { putU16, putU32 } from '../netlink/netlink-message.ts'
import { RTM_DELROUTE, RTM_NEWROUTE } from './netlink-route.ts'

const LOAD_WORD = 0x20
const LOAD_HALF = 0x28
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06
const PASS = 0xffff_ffff

/**
 * Classic BPF (linux/filter.h) for a socket of route events: drops what `port` itself caused. So a hundred thousand routes of ours do not
 * come back as a hundred thousand events. Link events pass, whoever caused them.
 */
export function ownRouteFilter(port: number): Uint8Array {
  const program: [code: number, jumpIfTrue: number, jumpIfFalse: number, operand: number][] = [
    [LOAD_HALF, 0, 0, 4], // nlmsg_type
    [JUMP_IF_EQUAL, 1, 0, asLoaded(RTM_NEWROUTE, 2)],
    [JUMP_IF_EQUAL, 0, 3, asLoaded(RTM_DELROUTE, 2)],
    [LOAD_WORD, 0, 0, 12], // nlmsg_pid
    [JUMP_IF_EQUAL, 0, 1, asLoaded(port, 4)],
    [RETURN, 0, 0, 0],
    [RETURN, 0, 0, PASS],
  ]
  const bytes = new Uint8Array(program.length * 8)
  for (const [i, [code, jumpIfTrue, jumpIfFalse, operand]] of program.entries()) {
    putU16(bytes, i * 8, code)
    bytes[i * 8 + 2] = jumpIfTrue
    bytes[i * 8 + 3] = jumpIfFalse
    putU32(bytes, i * 8 + 4, operand)
  }
  return bytes
}

/** BPF loads in network order what netlink writes in the order of the machine. */
function asLoaded(value: number, size: 2 | 4): number {
  const bytes = new Uint8Array(4)
  if (size === 2) putU16(bytes, 2, value)
  else putU32(bytes, 0, value)
  return new DataView(bytes.buffer).getUint32(0)
}
