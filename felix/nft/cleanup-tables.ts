import type { CleanupPass } from '../cleanup/cleanup-pass.ts'
import { Batch } from './batch.ts'
import { NftSocket } from './nft-socket.ts'
import { tableExists } from './saved-table.ts'

/** Removes our tables of nf_tables with all that is in them. A kernel that has no such part has nothing of ours. */
export async function removeNftTables(): Promise<CleanupPass> {
  let socket: NftSocket
  try {
    socket = await NftSocket.open()
  } catch {
    return { found: { nftTables: 0 }, problems: [] }
  }
  try {
    const batch = new Batch()
    let nftTables = 0
    for (const family of [4, 6] as const) {
      if (!(await tableExists(socket, family))) continue
      batch.deleteTable(family)
      nftTables++
    }
    const refusals = nftTables === 0 ? [] : await socket.transact(batch)
    return { found: { nftTables }, problems: refusals.map(({ reason }) => reason) }
  } finally {
    socket.close()
  }
}
