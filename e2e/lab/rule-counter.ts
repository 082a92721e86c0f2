import type { Namespace } from './namespace.ts'

/**
 * How many packets one rule of legacy iptables has counted.
 * @param rule text of it, as in "-A FORWARD -p ipencap"
 * @throws when no rule or more than one contains the text
 */
export async function packetsCounted(namespace: Namespace, table: 'filter' | 'raw', rule: string): Promise<number> {
  const saved = await namespace.run('iptables-legacy-save', ['-c', '-t', table])
  const found = saved.split('\n').flatMap((line) => (line.includes(rule) ? (/^\[(\d+):/.exec(line)?.[1] ?? []) : []))
  if (found.length !== 1) throw new Error(`${found.length} rules with "${rule}" in\n${saved}`)
  return Number(found[0])
}
