/** What becomes of the routes of a peer, as the speaker takes it: from the configuration file and from a BGPPeer; pure. */
import type { PeerConfig } from '../../bgp/peer.ts'
import type { ConfigPeer, ConfigRange } from '../config.ts'
import type { BgpPeerSpec } from '../model/bgp-peer.ts'
import { type Asn, asn } from '../net/asn.ts'
import type { SettingsResources } from './resources.ts'
import type { SettingsProblem } from './settings-problem.ts'

/** The fields of a peer that concern routes. */
export type PeerRoutes = Pick<
  PeerConfig,
  | 'import'
  | 'export'
  | 'importFilters'
  | 'exportFilters'
  | 'localAs'
  | 'replaceAs'
  | 'allowLocalAs'
  | 'removePrivateAs'
  | 'enforceFirstAs'
  | 'allowAsSet'
  | 'nextHop'
  | 'role'
  | 'acceptBlackhole'
>

/** @property requirePolicy from and to external peers nothing passes without a word on it (RFC 8212 §2) */
type Circumstances = { readonly external: boolean; readonly requirePolicy: boolean }

export function writtenRoutes(peer: ConfigPeer | ConfigRange, { external, requirePolicy }: Circumstances): PeerRoutes {
  const silent = external && requirePolicy
  const { localAs, replaceAs, allowLocalAs, role, requireRole, nextHop } = peer
  return {
    ...importOf(peer.import ?? (silent ? 'none' : 'all')),
    ...exportOf(peer.export ?? (silent ? 'none' : 'local')),
    ...(localAs !== undefined && { localAs }),
    ...(replaceAs && { replaceAs }),
    ...(allowLocalAs > 0 && { allowLocalAs }),
    ...(peer.removePrivateAs && { removePrivateAs: true }),
    ...(!peer.enforceFirstAs && { enforceFirstAs: false }),
    ...(peer.allowAsSet && { allowAsSet: true }),
    ...(nextHop !== 'auto' && { nextHop }),
    ...(role !== undefined && { role: { local: role, strict: requireRole } }),
    ...(peer.acceptBlackhole && { acceptBlackhole: true }),
  }
}

/** The base of a filter is what would be without a word: a rule that is to refuse the rest says so. */
function importOf(word: string): Pick<PeerRoutes, 'import' | 'importFilters'> {
  return word === 'all' || word === 'none' ? { import: word } : { import: 'all', importFilters: [word] }
}

function exportOf(word: string): Pick<PeerRoutes, 'export' | 'exportFilters'> {
  return word === 'local' || word === 'all' || word === 'none' ? { export: word } : { export: 'local', exportFilters: [word] }
}

/**
 * Of a BGPPeer (resource reference §6.11.2). `localASNumber` is all the peer sees of us, as with the BIRD of a Calico node.
 * @param ownAs this node's
 */
export function resourceRoutes(spec: BgpPeerSpec, ownAs: Asn, circumstances: Circumstances): Partial<PeerRoutes> {
  const { external } = circumstances
  const { localASNumber, nextHopMode, keepOriginalNextHop, numAllowedLocalASNumbers = 0, filters = [] } = spec
  const nextHop =
    nextHopMode === 'Keep' || (keepOriginalNextHop === true && external) ? 'keep' : nextHopMode === 'Self' ? 'self' : undefined
  const otherAs = localASNumber === undefined || localASNumber === ownAs ? undefined : asn(localASNumber)
  return {
    ...(isSilent(spec, circumstances) && { import: 'none' as const, export: 'none' as const }),
    ...(filters.length > 0 && { importFilters: filters, exportFilters: filters }),
    ...(otherAs !== undefined && { localAs: otherAs, replaceAs: true }),
    ...(numAllowedLocalASNumbers > 0 && { allowLocalAs: numAllowedLocalASNumbers }),
    ...(nextHop !== undefined && { nextHop }),
  }
}

/** RFC 8212 §2 holds for it, and it has no filter. */
export function isSilent({ filters = [] }: Pick<BgpPeerSpec, 'filters'>, { external, requirePolicy }: Circumstances): boolean {
  return external && requirePolicy && filters.length === 0
}

/** What is not known to be refused is not let through: who names a filter that there is none of must hear of it. */
export function missingFilters(peers: readonly PeerConfig[], { bgpFilters }: SettingsResources): readonly SettingsProblem[] {
  const known = new Set(bgpFilters.map(({ metadata }) => metadata.name))
  const naming = new Map<string, Set<string>>()
  for (const { name, importFilters = [], exportFilters = [] } of peers)
    for (const filter of [...importFilters, ...exportFilters])
      if (!known.has(filter)) naming.set(filter, (naming.get(filter) ?? new Set()).add(name))
  return [...naming].map(([filter, names]) => ({
    severity: 'error',
    subject: `bgpfilter/${filter}`,
    message: `is missing: nothing passes from and to the peers that name it: ${few([...names])}`,
  }))
}

/** At most so many names in one sentence. */
const mostNamed = 5

function few(names: readonly string[]): string {
  const more = names.length - mostNamed
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
