import { addressBytes } from '../../src/net/address.ts'
import { HEADER_LENGTH, NLM_F_ACK, NLM_F_REQUEST, putHeader } from '../netlink/netlink-message.ts'
import type { AttributeWriter } from '../nft/attribute-writer.ts'
import { protocolNumber } from '../nft/keys.ts'
import type { MemberChange } from './ip-set-text.ts'

// linux/netfilter/nfnetlink.h, ipset/ip_set.h
const COMMANDS = { add: 0x0609, del: 0x060a } as const
/** The oldest that kernels take, and the last one that changed nothing here. */
const IPSET_PROTOCOL = 6
const ATTR_PROTOCOL = 1
const ATTR_SETNAME = 2
const ATTR_DATA = 7
const DATA_IP = 1
const DATA_CIDR = 3
const DATA_PORT = 4
const DATA_PROTO = 7
const IPADDR = { 4: 1, 16: 2 } as const
const NETWORK_ORDER = 0x4000
const NFPROTO = { 4: 2, 16: 10 } as const
const GENERIC_LENGTH = 4

/**
 * One member comes or goes; one that is there already, or is not, is no error (NLM_F_EXCL would make it one).
 *
 *   header 16 | family u8 | version u8 | resource u16 | protocol u8 | set name | data { address { v4 or v6 }, length u8?, port u16?, protocol u8? }
 *
 * @param sequence comes back with a refusal
 * @param isLast an answer is wanted also where nothing is refused
 * @throws Error for what is no member, as "10.0.0.1", "10.0.0.0/8" or "10.0.0.1,tcp:80"
 */
export function putMemberMessage(
  writer: AttributeWriter,
  name: string,
  { verb, member }: MemberChange,
  sequence: number,
  isLast: boolean,
): void {
  const [address = '', length, protocol, port] = partsOf(member)
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`"${member}" is no member of an IP set`)
  const octets = bytes.length === 4 ? 4 : 16
  const from = writer.length
  const header = new Uint8Array(HEADER_LENGTH + GENERIC_LENGTH)
  putHeader(header, 0, header.length, COMMANDS[verb], isLast ? NLM_F_REQUEST | NLM_F_ACK : NLM_F_REQUEST, sequence)
  header[HEADER_LENGTH] = NFPROTO[octets]
  writer.raw(header)
  writer.u8(ATTR_PROTOCOL, IPSET_PROTOCOL)
  writer.text(ATTR_SETNAME, name)
  writer.nested(ATTR_DATA, () => {
    writer.nested(DATA_IP, () => writer.octets(IPADDR[octets] | NETWORK_ORDER, bytes))
    if (length !== undefined) writer.u8(DATA_CIDR, Number(length))
    if (port !== undefined) writer.u16(DATA_PORT | NETWORK_ORDER, Number(port))
    if (protocol !== undefined) writer.u8(DATA_PROTO, protocolNumber(protocol))
  })
  writer.patchLength(from)
}

/** Address, prefix length, protocol, port. */
function partsOf(member: string): readonly (string | undefined)[] {
  return /^([^/,]*)(?:\/(\d+))?(?:,(\w+):(\d+))?$/.exec(member)?.slice(1) ?? []
}
