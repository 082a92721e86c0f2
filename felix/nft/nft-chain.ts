import { hash } from 'node:crypto'
import type { Family } from '../../src/net/address.ts'
import type { Chain, Hook, Match, Rule, TableName } from '../kernel.ts'
import { AttributeWriter } from './attribute-writer.ts'
import type { Batch } from './batch.ts'
import { mergePortRules } from './merge-ports.ts'
import { baseChainName, chainName, type HookPlace, hookPlace, setName } from './names.ts'
import { splitPortless } from './portless-rules.ts'
import { type EncodedRule, encodeDispatch, encodeRule, plainText } from './rule-expressions.ts'
import type { NftSet } from './set-elements.ts'
import { guardExclusions } from './unreadable-packets.ts'

/** The kernel keeps 256 octets with a rule, `nft` shows 128 of a comment. */
const COMMENT_LENGTH = 127
const HASH_LENGTH = 16

/**
 * A chain as nf_tables has it.
 *
 * @property place where the kernel calls it, if it does
 * @property dispatch the map that is asked before the rules
 */
export type NftChain = {
  readonly family: Family
  readonly table: TableName
  readonly name: string
  readonly place?: HookPlace
  readonly dispatch?: { readonly by: 'in-interface' | 'out-interface'; readonly map: NftSet }
  readonly rules: readonly Rule[]
}

export function nftChain(chain: Chain): NftChain {
  const { family, table, dispatch, rules } = chain
  const name = chainName(chain)
  if (dispatch === undefined) return { family, table, name, rules: guardExclusions(mergePortRules(rules).flatMap(splitPortless)) }
  const members = new Set(dispatch.chains.map(([interfaceName, to]) => `${interfaceName} ${chainName({ table, name: to })}`))
  const map: NftSet = { family, name, type: 'map', members }
  return { family, table, name, dispatch: { by: dispatch.by, map }, rules: rules.filter(({ action }) => action.type !== 'goto') }
}

/** In place of a chain whose rules the kernel refuses: nothing passes it. */
export function closedChain({ family, table, name }: NftChain): NftChain {
  return { family, table, name, rules: [{ match: [], action: { type: 'drop' }, comment: 'Closed: its rules were refused, see status' }] }
}

/** What is inserted into and appended to a chain of iptables, in a chain of our own at the same hook. */
export function nftBaseChains(hooks: readonly Hook[]): readonly NftChain[] {
  const places = Map.groupBy(hooks, ({ family, table, kernelChain }) => `${family} ${table} ${kernelChain}`)
  return [...places.values()].flatMap((here) => {
    const [first] = here
    if (first === undefined) return []
    const { family, table, kernelChain } = first
    const sorted = [...here.filter(({ at }) => at === 'insert'), ...here.filter(({ at }) => at === 'append')]
    return [{ family, table, name: baseChainName(first), place: hookPlace(table, kernelChain), rules: sorted.map(({ rule }) => rule) }]
  })
}

/** Positional as those of iptables (felix/iptables/chain-hash.ts), but of what the kernel is given: equal hashes are equal rules at equal places. */
export function hashesOf(chain: NftChain): readonly string[] {
  return [...hashedRules(chain, () => 0)].map(({ hash }) => hash)
}

/** Puts all rules of a chain into a transaction in which it has none. @returns their hashes */
export function addRules(batch: Batch, chain: NftChain): readonly string[] {
  const { family, name } = chain
  const hashes: string[] = []
  for (const { encoded, hash, comment } of hashedRules(chain, () => batch.nextSetId)) {
    batch.addRule(family, name, encoded, plainText(comment === undefined ? hash : `${hash} ${comment}`, COMMENT_LENGTH))
    hashes.push(hash)
  }
  return hashes
}

/** @property encoded until the next rule. @property hash begins the rule's comment, which is how it is known again */
type HashedRule = { readonly encoded: EncodedRule; readonly hash: string; readonly comment?: string }

function* hashedRules(chain: NftChain, nextSetId: () => number): Generator<HashedRule> {
  const { family, table, name, dispatch, rules } = chain
  const writer = new AttributeWriter()
  let previous = `${family} ${name} ${JSON.stringify(chain.place ?? '')}`
  if (dispatch !== undefined) {
    const encoded = encodeDispatch(dispatch.by, dispatch.map.name)
    previous = hashOf(previous, encoded.expressions, '')
    yield { encoded, hash: previous, comment: 'Interfaces of workloads' }
  }
  for (const rule of rules) {
    const { expressions, portSets } = encodeRule(rule, { family, table, nextSetId: 0 }, writer)
    const ports = portSets.length === 0 ? '' : JSON.stringify(portSets)
    previous = hashOf(previous, expressions, `${ports}\n${rule.comment ?? ''}`)
    const first = portSets.length === 0 ? 0 : nextSetId()
    const encoded = first === 0 ? { expressions, portSets } : encodeRule(rule, { family, table, nextSetId: first }, writer)
    yield { encoded, hash: previous, ...(rule.comment !== undefined && { comment: rule.comment }) }
  }
}

function hashOf(previous: string, expressions: Buffer, more: string): string {
  return hash('sha224', `${previous}\n${expressions.toString('latin1')}\n${more}`, 'base64url').slice(0, HASH_LENGTH)
}

type SetMatch = Extract<Match, { type: 'source-set' | 'destination-set' }>

/** The sets that the rules of a chain ask. */
export function setNamesIn({ dispatch, rules }: NftChain): readonly string[] {
  const isSet = (match: Match): match is SetMatch => match.type === 'source-set' || match.type === 'destination-set'
  const asked = rules.flatMap(({ match }) => match.filter(isSet).map(({ set }) => setName(set)))
  return dispatch === undefined ? asked : [dispatch.map.name, ...asked]
}
