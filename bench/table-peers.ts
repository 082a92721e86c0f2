/** One sink and some feeders that offer the same prefixes, each with attributes of its own. */
import { announce, BgpClient, withdraw } from './bgp-client.ts'
import { joined, nlri, Random, type TablePrefix, tablePrefixes, tableUpdates, tableWithdrawals } from './table-shape.ts'

const speaker = '10.99.0.1'
const sinkPeer = { address: '10.99.0.3', asNumber: 65003 }

/** Addresses and AS numbers: the sink is the last. */
export function tablePeerList(feeders: number): readonly { readonly address: string; readonly asNumber: number }[] {
  const own = Array.from({ length: feeders }, (_, i) => ({
    address: `10.99.0.${i === 0 ? 2 : i + 3}`,
    asNumber: i === 0 ? 65002 : 65003 + i,
  }))
  return [...own, sinkPeer]
}

export type Feeder = { readonly client: BgpClient; readonly updates: readonly Buffer[]; readonly withdrawals: readonly Buffer[] }

export class TablePeers {
  readonly prefixes: readonly TablePrefix[]
  readonly feeders: readonly Feeder[]
  readonly sink: BgpClient

  constructor(count: number, feeders: number) {
    const random = new Random(42)
    this.prefixes = tablePrefixes(count, random)
    this.feeders = tablePeerList(feeders)
      .slice(0, -1)
      .map(({ address, asNumber }, i) => {
        const last = nlri([marker(i)])
        const updates = [...tableUpdates(this.prefixes, asNumber, address, random), announce(plainAttributes(asNumber, address), last)]
        const withdrawals = [...tableWithdrawals(this.prefixes), withdraw(last)]
        const client = new BgpClient({ speaker, address, asNumber, deaf: true })
        return { client, updates: joined(updates), withdrawals: joined(withdrawals) }
      })
    this.sink = new BgpClient({ speaker, ...sinkPeer })
  }

  async established(): Promise<void> {
    await Promise.all([this.sink, ...this.feeders.map(({ client }) => client)].map((client) => client.established))
  }

  /** Until the sink has heard of each prefix, and the last word of each feeder. */
  async announce(): Promise<void> {
    const [prefixes, hosts] = [this.sink.announced + this.prefixes.length, this.sink.hosts + this.feeders.length]
    const sent = this.feeders.map(({ client, updates }) => client.send(updates))
    await this.sink.until(() => this.sink.announced >= prefixes && this.sink.hosts >= hosts)
    await Promise.all(sent)
  }

  /** Until the sink has none of them any more. */
  async withdraw(): Promise<void> {
    const gone = this.sink.withdrawn + this.prefixes.length + this.feeders.length
    const sent = this.feeders.map(({ client, withdrawals }) => client.send(withdrawals))
    await this.sink.until(() => this.sink.withdrawn >= gone)
    await Promise.all(sent)
  }
}

/** A /32, which the table has none of. */
function marker(feeder: number): TablePrefix {
  return { address: (0xcb_00_71_00 + feeder) >>> 0, length: 32 }
}

/** ORIGIN, AS_PATH and NEXT_HOP. */
export function plainAttributes(asNumber: number, nextHop: string, ...more: readonly number[]): Buffer {
  const path = [asNumber, ...more]
  const asPath = Buffer.alloc(2 + 4 * path.length)
  asPath.set([2, path.length])
  for (const [i, as] of path.entries()) asPath.writeUInt32BE(as, 2 + 4 * i)
  const own = Buffer.from([0x40, 3, 4, ...nextHop.split('.').map(Number)])
  return Buffer.concat([Buffer.from([0x40, 1, 1, 0, 0x40, 2, asPath.length]), asPath, own])
}
