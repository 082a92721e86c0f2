import type { Family } from '../src/net/address.ts'
import {
  aligned,
  cString,
  HEADER_LENGTH,
  messagesIn,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REQUEST,
  putAttribute,
  putHeader,
  readError,
} from './netlink/netlink-message.ts'
import { errnoName, NETLINK_NETFILTER, NetlinkSocket } from './netlink/netlink-socket.ts'

// linux/netfilter/nfnetlink.h, nf_tables.h: the subsystem in the upper octet
const NFNL_MSG_BATCH_BEGIN = 0x10
const NFNL_SUBSYS_NFTABLES = 10
const NFT_MSG_NEWTABLE = 0x0a00
const NFTA_TABLE_NAME = 1
const NFPROTO = { 4: 2, 6: 10 } as const
const GENERIC_LENGTH = 4
const BODY = HEADER_LENGTH + GENERIC_LENGTH
const name = cString('tortie-probe')
const TABLE_LENGTH = BODY + aligned(4 + name.length)

/**
 * Asks the kernel to check a new table, without letting it be made: a transaction that does not come to its end is undone, as `nft
 * --check` does it. `iptables-nft --test` cannot tell, nor can reading: neither asks the kernel for a table.
 *
 * @returns the errno name with which this kernel refuses tables of the family, as "ENOTSUP"; undefined where it takes them, or where
 *   it cannot be asked, which the tools then say better
 */
export async function nftRefusal(family: Family): Promise<string | undefined> {
  let socket: NetlinkSocket | undefined
  try {
    socket = await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, receiveBuffer: 65_536 })
    socket.send(tableCheck(family))
    const answer = new Uint8Array(4096)
    const length = socket.receive(answer)
    const errors = [...messagesIn(answer, length)].flatMap((message) => readError(answer, message)?.errno ?? [])
    return errors.map(errnoName).find((code) => code !== 'OK' && code !== 'EPERM')
  } catch {
    return undefined
  } finally {
    socket?.close()
  }
}

/**
 * The beginning of a batch and a table, but no NFNL_MSG_BATCH_END.
 *
 *   header  16 | family u8 | version u8 | resource u16, network order            the batch is for nf_tables
 *   header  16 | family u8 | version u8 | resource u16 | NFTA_TABLE_NAME
 */
export function tableCheck(family: Family): Uint8Array {
  const bytes = new Uint8Array(BODY + TABLE_LENGTH)
  putHeader(bytes, 0, BODY, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 1)
  bytes[BODY - 1] = NFNL_SUBSYS_NFTABLES
  putHeader(bytes, BODY, TABLE_LENGTH, NFT_MSG_NEWTABLE, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK, 2)
  bytes[BODY + HEADER_LENGTH] = NFPROTO[family]
  putAttribute(bytes, BODY + BODY, NFTA_TABLE_NAME, name)
  return bytes
}
