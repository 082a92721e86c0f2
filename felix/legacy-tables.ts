import { readFile } from 'node:fs/promises'
import type { Family } from '../src/net/address.ts'
import type { TableName } from './kernel.ts'

/**
 * Whether the kernel has this legacy table in this network namespace. Asking `iptables-legacy-save` instead would make the table, and
 * with an empty nat table the kernel begins to track connections.
 */
export async function legacyTableExists(family: Family, table: TableName): Promise<boolean> {
  try {
    const names = await readFile(family === 4 ? '/proc/net/ip_tables_names' : '/proc/net/ip6_tables_names', 'utf8')
    return names.split('\n').includes(table)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw new Error('cannot read the names of the legacy iptables tables', { cause: error })
  }
}
