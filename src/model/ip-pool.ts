import Type, { type StaticDecode } from 'typebox'
import { containsPrefix, type Prefix, parsePrefix } from '../net/prefix.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import { groupOf, type Problem, type Resource } from './resource.ts'
import { net, selector } from './scalars.ts'
import { closedObject, crossChecked, text } from './schema-check.ts'

/** When packets to a pool's addresses are wrapped on their way to other nodes: CrossSubnet only to those behind a router. */
export type EncapsulationMode = 'Never' | 'Always' | 'CrossSubnet'

const modes: readonly EncapsulationMode[] = ['Never', 'Always', 'CrossSubnet']

const mode = text(
  (value) => (value === '' ? 'Never' : modes.find((candidate) => candidate === value)),
  `${modes.slice(0, -1).join(', ')} or ${modes.at(-1)}`,
)

const uses = ['Workload', 'Tunnel', 'LoadBalancer'] as const

const shape = closedObject({
  cidr: net,
  vxlanMode: Type.Optional(mode),
  ipipMode: Type.Optional(mode),
  natOutgoing: Type.Optional(Type.Boolean()),
  disabled: Type.Optional(Type.Boolean()),
  disableBGPExport: Type.Optional(Type.Boolean()),
  blockSize: Type.Optional(Type.Integer()),
  nodeSelector: Type.Optional(selector),
  namespaceSelector: Type.Optional(selector),
  allowedUses: Type.Optional(Type.Array(Type.Enum([...uses]), { uniqueItems: true, maxItems: 10 })),
  assignmentMode: Type.Optional(Type.Enum(['Automatic', 'Manual'])),
})

type Shape = Frozen<StaticDecode<typeof shape>>

/** Resource reference §6.8, defaults filled in. `cidr` is canonical. A disabled pool still says how packets to it travel. */
export type IpPoolSpec = Required<Omit<Shape, 'namespaceSelector'>> & Pick<Shape, 'namespaceSelector'>

export type IpPool = Resource<'IPPool', IpPoolSpec>

const defaults = {
  vxlanMode: 'Never',
  ipipMode: 'Never',
  natOutgoing: false,
  disabled: false,
  disableBGPExport: false,
  nodeSelector: 'all()',
  allowedUses: ['Workload', 'Tunnel'],
  assignmentMode: 'Automatic',
} as const satisfies Partial<IpPoolSpec>

/** Resource reference §6.8. Overlaps and what may not change are looked at with what is stored: src/model/pool-check.ts. */
export const ipPool = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'IPPool',
  plural: 'ippools',
  namespaced: false,
  spec: crossChecked(shape, (pool) => [...cidrProblems(pool), ...encapsulationProblems(pool), ...useProblems(pool)]),
  complete: ({ metadata, spec }) => ({ metadata, spec: { ...defaults, ...spec, blockSize: blockSizeOf(spec) } }),
})

export function isIpPool(resource: Resource): resource is IpPool {
  return resource.kind === 'IPPool' && groupOf(resource.apiVersion) === 'projectcalico.org'
}

/** The fields of a pool that say something other than the default and do nothing yet. */
export function fieldsWithoutEffect({ spec }: IpPool): readonly (keyof IpPoolSpec)[] {
  const defaultSize = blockSizeOf({ cidr: spec.cidr })
  const fields: [field: keyof IpPoolSpec, isSet: boolean][] = [
    ['vxlanMode', spec.vxlanMode !== defaults.vxlanMode],
    ['disabled', spec.disabled],
    ['blockSize', spec.blockSize !== defaultSize],
    ['nodeSelector', spec.nodeSelector !== defaults.nodeSelector],
    ['namespaceSelector', spec.namespaceSelector !== undefined],
    ['allowedUses', spec.allowedUses.toSorted().join() !== defaults.allowedUses.toSorted().join()],
    ['assignmentMode', spec.assignmentMode !== defaults.assignmentMode],
  ]
  return fields.filter(([, isSet]) => isSet).map(([field]) => field)
}

/** The reference's "0 means default": 26 for IPv4, 122 for IPv6. */
function blockSizeOf({ cidr, blockSize = 0 }: Pick<Shape, 'cidr' | 'blockSize'>): number {
  if (blockSize !== 0) return blockSize
  return cidr.includes(':') ? 122 : 26
}

const linkLocal = ['169.254.0.0/16', 'fe80::/10'].map(prefixOf)

function cidrProblems(pool: Shape): readonly Problem[] {
  const { cidr, disabled = false } = pool
  const { family, bytes, length } = prefixOf(cidr)
  const [least, most] = family === 4 ? [20, 32] : [116, 128]
  const size = blockSizeOf(pool)
  const own = { family, bytes, length }
  const isLinkLocal = linkLocal.some((range) => containsPrefix(range, own) || containsPrefix(own, range))
  const sizeProblem = (reason: string): Problem[] => [{ path: 'blockSize', reason, ...(pool.blockSize !== undefined && { value: size }) }]
  return [
    ...(isLinkLocal ? [{ path: 'cidr', reason: 'overlaps the link-local range', value: cidr }] : []),
    ...(size < least || size > most ? sizeProblem(`must be ${least} to ${most} for IPv${family}, or 0 for the default`) : []),
    ...(length > size && !disabled ? sizeProblem(`a block (/${size}) must fit into the pool (/${length})`) : []),
  ]
}

function encapsulationProblems({ cidr, ipipMode = 'Never', vxlanMode = 'Never' }: Shape): readonly Problem[] {
  if (ipipMode === 'Never') return []
  return [
    ...(cidr.includes(':') ? [{ path: 'ipipMode', reason: 'must be Never: IP-in-IP carries IPv4 only', value: ipipMode }] : []),
    ...(vxlanMode === 'Never' ? [] : [{ path: 'ipipMode', reason: 'and vxlanMode cannot both be enabled', value: ipipMode }]),
  ]
}

function useProblems(pool: Shape): readonly Problem[] {
  const { allowedUses = defaults.allowedUses, namespaceSelector } = pool
  if (allowedUses.includes('LoadBalancer')) return loadBalancerProblems(pool, allowedUses)
  if (namespaceSelector === undefined || !allowedUses.includes('Tunnel')) return []
  const reason = 'cannot be in a pool that is used for tunnels: set allowedUses to [Workload]'
  return [{ path: 'namespaceSelector', reason, value: namespaceSelector }]
}

/** Addresses of services are announced from everywhere and never wrapped. */
function loadBalancerProblems(pool: Shape, allowedUses: readonly string[]): readonly Problem[] {
  const fixed = ['ipipMode', 'vxlanMode', 'disableBGPExport', 'nodeSelector'] as const
  return [
    ...(allowedUses.length > 1 ? [{ path: 'allowedUses', reason: 'LoadBalancer must be the only use' }] : []),
    ...fixed.flatMap((field): readonly Problem[] => {
      const value = pool[field] ?? defaults[field]
      return value === defaults[field] ? [] : [{ path: field, reason: `must be ${defaults[field]} in a pool for LoadBalancer`, value }]
    }),
  ]
}

/** Callers pass what was checked: anything else is our bug. */
function prefixOf(cidr: string): Prefix {
  const prefix = parsePrefix(cidr)
  if (prefix === undefined) throw new Error(`"${cidr}" was taken for a checked CIDR`)
  return prefix
}
