/** `tortie agent --cleanup`: the kernel without anything of ours, once no agent keeps it there. */
import { pino } from 'pino'
import { type CleanupReport, cleanUp } from '../felix/cleanup/cleanup.ts'
import type { Config } from './config.ts'
import { holdStore } from './datastore/hold-store.ts'

type CleanupSettings = Pick<Config, 'datastore'> & { readonly felix: Pick<Config['felix'], 'routeProtocol'> }

/** @property lines for standard output @property problems for standard error, one sentence each */
export type CleanupOutcome = { readonly exitCode: 0 | 1; readonly lines: readonly string[]; readonly problems: readonly string[] }

/** The store is held meanwhile, so that no agent starts beside; what is stored stays. */
export async function runCleanup({ felix, datastore }: CleanupSettings): Promise<CleanupOutcome> {
  const held = holdStore(datastore.path)
  if (held.type === 'in use') {
    const problem = `an agent runs on ${datastore.path} and would put everything back: stop it first, then clean up`
    return { exitCode: 1, lines: [], problems: [problem] }
  }
  try {
    // what would be logged is in the report
    return outcomeOf(await cleanUp({ routeProtocol: felix.routeProtocol }, { log: pino({ level: 'silent' }) }))
  } finally {
    held.release()
  }
}

export function outcomeOf({ removed, left }: CleanupReport): CleanupOutcome {
  const counts = [
    counted(removed.routes, 'route'),
    counted(removed.tunnelAddresses, 'tunnel address', 'tunnel addresses'),
    counted(removed.hooks, 'rule in the chains of the kernel', 'rules in the chains of the kernel'),
    counted(removed.chains, 'chain'),
    counted(removed.ipSets, 'IP set'),
    counted(removed.nftTables, 'table of nftables', 'tables of nftables'),
  ].flat()
  const line = counts.length === 0 ? 'nothing of Tortie was in the kernel' : `removed ${counts.join(', ')}`
  const isClean = left.length === 0
  return { exitCode: isClean ? 0 : 1, lines: isClean || counts.length > 0 ? [line] : [], problems: left.map((what) => `left: ${what}`) }
}

function counted(count: number, one: string, several = `${one}s`): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : several}`]
}
