import type { Family } from '../../src/net/address.ts'
import { sameHashes } from '../iptables/chain-diff.ts'
import type { IpSetView } from '../iptables/ip-set-table.ts'
import { ruleText } from '../iptables/rule-text.ts'
import type { ChainView } from '../iptables/table-status.ts'
import type { ObjectStatus } from '../kernel.ts'
import type { NftChain } from './nft-chain.ts'
import type { KnownTable, NftTable } from './nft-table.ts'
import type { NftSet } from './set-elements.ts'

/** As reports name it, in the words of iptables: "chain filter/tort-FORWARD (IPv4)", "hook filter/FORWARD (IPv4)". */
export function chainKey({ family, table, name, place }: Pick<NftChain, 'family' | 'table' | 'name' | 'place'>): string {
  return `${place === undefined ? 'chain' : 'hook'} ${table}/${name.slice(table.length + 1)} (IPv${family})`
}

/** Of one that is in our table and not wanted: only its name is known. */
export function strayKey(family: Family, name: string): string {
  const [table = 'filter'] = (['filter', 'nat', 'mangle', 'raw'] as const).filter((word) => name.startsWith(`${word}-`))
  return name.startsWith(`${table}-`) ? chainKey({ family, table, name }) : `chain ${name} (IPv${family})`
}

export function setKey({ name }: Pick<NftSet, 'name'>): string {
  return `IP set ${name}`
}

/**
 * Where not all is as wanted.
 *
 * @param failure why nothing could be written at the last try
 * @param wasDone all was there once: then only what changed since is not
 */
export function unprogrammed({ wanted }: NftTable, failure: string | undefined, wasDone: boolean): ReadonlyMap<string, ObjectStatus> {
  const found = new Map<string, ObjectStatus>()
  for (const [name, reason] of wanted.refusedSets) found.set(setKey({ name }), { state: 'failed', reason, closed: true })
  for (const name of wanted.closedChains) {
    const closed = wanted.chains.get(name)
    if (closed?.refused !== undefined) found.set(chainKey(closed.chain), { state: 'failed', reason: closed.refused, closed: true })
  }
  if (failure === undefined) return found
  for (const name of wasDone ? wanted.touchedChains : wanted.chains.keys()) {
    const chain = wanted.chains.get(name)?.chain
    if (chain !== undefined) found.set(chainKey(chain), { state: 'failed', reason: failure })
  }
  for (const name of wasDone ? wanted.touchedSets : wanted.sets.keys()) {
    if (wanted.sets.has(name)) found.set(setKey({ name }), { state: 'failed', reason: failure })
  }
  return found
}

/** Wanted beside programmed, by name. */
export function chainViews(table: NftTable): ChainView[] {
  const { wanted, family } = table
  const actual: KnownTable['chains'] = table.known?.chains ?? new Map()
  return [...new Set([...wanted.chains.keys(), ...actual.keys()])].toSorted().map((name) => {
    const [stated, programmed] = [wanted.chains.get(name), actual.get(name)]
    const asWanted = stated !== undefined && programmed !== undefined && sameHashes(stated.hashes, programmed)
    return {
      name: stated === undefined ? strayKey(family, name) : chainKey(stated.chain),
      ...(stated !== undefined && { wanted: linesOf(stated.chain) }),
      ...(programmed !== undefined && { programmed: { rules: programmed.length, asWanted } }),
      status: statusOf(stated !== undefined, asWanted, stated?.refused),
    }
  })
}

export function setViews(table: NftTable): IpSetView[] {
  const { sets, refusedSets } = table.wanted
  const actual: KnownTable['sets'] = table.known?.sets ?? new Map()
  return [...new Set([...sets.keys(), ...actual.keys()])].toSorted().map((name) => {
    const [stated, programmed] = [sets.get(name), actual.get(name)]
    const type = stated?.type ?? 'unknown'
    return {
      name,
      ...(stated !== undefined && { wanted: { type, members: stated.members.size } }),
      ...(programmed !== undefined && { programmed: { type, members: programmed.size } }),
      status: statusOf(stated !== undefined, programmed !== undefined, refusedSets.get(name)),
    }
  })
}

function statusOf(isWanted: boolean, isThere: boolean, refused: string | undefined): ObjectStatus {
  if (!isWanted) return { state: 'pending', reason: 'not wanted any more' }
  if (refused !== undefined) return { state: 'failed', reason: refused, closed: true }
  return isThere ? { state: 'programmed' } : { state: 'pending', reason: 'not written yet' }
}

/** In the words of iptables, which name the same matches. */
function linesOf({ family, dispatch, rules }: NftChain): readonly string[] {
  const lookup = dispatch === undefined ? [] : [`${dispatch.by === 'in-interface' ? '-i' : '-o'} vmap @${dispatch.map.name}`]
  return [...lookup, ...rules.map((rule) => `${ruleText(rule, family)}${rule.comment === undefined ? '' : ` # ${rule.comment}`}`)]
}
