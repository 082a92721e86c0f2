import { HEADER_LENGTH, messagesIn, NLM_F_REQUEST, putHeader } from './netlink-message.ts'
import { NETLINK_NETFILTER, NetlinkSocket } from './netlink-socket.ts'

// linux/netfilter/nfnetlink.h, nf_tables.h: the subsystem in the upper octet
const NFT_MSG_NEWGEN = 0x0a0f
const NFT_MSG_GETGEN = 0x0a10
/** nfgenmsg: family u8 | version u8 | resource u16 */
const GENERIC_LENGTH = 4
/** The first attribute of the answer, NFTA_GEN_ID: header 4 | number u32, network order. */
const ID_LENGTH = 8

/** The number that the kernel raises with each change of this network namespace's nftables, also those of `iptables-nft`. Asking costs two system calls. */
export class NftGeneration {
  readonly #socket: NetlinkSocket
  readonly #request = new Uint8Array(HEADER_LENGTH + GENERIC_LENGTH)
  readonly #answer = Buffer.alloc(4096)

  /** @throws where netlink cannot be used */
  static async open(): Promise<NftGeneration> {
    return new NftGeneration(await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, receiveBuffer: 65_536 }))
  }

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket
    putHeader(this.#request, 0, this.#request.length, NFT_MSG_GETGEN, NLM_F_REQUEST, 1)
  }

  /** Undefined where the kernel has no nftables. @throws NetlinkSocketError */
  read(): string | undefined {
    this.#socket.send(this.#request)
    const length = this.#socket.receive(this.#answer)
    for (const { type, body } of messagesIn(this.#answer, length)) {
      if (type === NFT_MSG_NEWGEN) return this.#answer.toString('hex', body + GENERIC_LENGTH, body + GENERIC_LENGTH + ID_LENGTH)
    }
    return undefined
  }

  close(): void {
    this.#socket.close()
  }
}
