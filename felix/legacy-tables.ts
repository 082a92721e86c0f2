import type { Family } from '../src/net/address.ts'
import type { Run } from '../src/os/process.ts'
import type { TableName } from './kernel.ts'

/**
 * Whether the kernel has this legacy table in this network namespace. Asking `iptables-legacy-save` instead would make the table, and
 * with an empty nat table the kernel begins to track connections. A kernel without legacy iptables has no such file, hence no table.
 */
export async function legacyTableExists(family: Family, table: TableName, run: Run): Promise<boolean> {
  const names = await run('cat', [family === 4 ? '/proc/net/ip_tables_names' : '/proc/net/ip6_tables_names'], { timeoutMs: 5_000 })
  return names.stdout.split('\n').includes(table)
}
