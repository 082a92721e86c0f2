import type { Family } from '../../src/net/address.ts'
import type { ProcessResult, Run } from '../../src/os/process.ts'
import type { TableName } from '../kernel.ts'

/**
 * Whether the kernel has this legacy table in this network namespace. Asking `iptables-legacy-save` instead would make the table, and
 * with an empty nat table the kernel begins to track connections. A kernel without legacy iptables has no such file, hence no table.
 */
export async function legacyTableExists(family: Family, table: TableName, run: Run): Promise<boolean> {
  return (await tableNames(family, run)).stdout.split('\n').includes(table)
}

/** Whether the kernel has legacy iptables at all, or has loaded its module: the kernel does not load it when it is used. */
export async function hasLegacyTables(family: Family, run: Run): Promise<boolean> {
  return !(await tableNames(family, run)).stderr.includes('No such file')
}

function tableNames(family: Family, run: Run): Promise<ProcessResult> {
  return run('cat', [family === 4 ? '/proc/net/ip_tables_names' : '/proc/net/ip6_tables_names'], { timeoutMs: 5_000 })
}
