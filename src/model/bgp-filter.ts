import Type, { type StaticDecode } from 'typebox'
import { familyOf } from '../net/address.ts'
import { parseCidr } from '../net/prefix.ts'
import { community } from './community.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import type { Problem, Resource } from './resource.ts'
import { routePriority } from './route-priority.ts'
import { asNumber } from './scalars.ts'
import { closedObject, crossChecked, text } from './schema-check.ts'
import { word } from './word.ts'

const interfacePattern = text(
  (value) => (/^[\w.*-]{1,15}$/.test(value) ? value : undefined),
  'an interface name; "*" stands for any characters',
)

const operation = crossChecked(
  closedObject({
    addCommunity: Type.Optional(closedObject({ value: community })),
    prependASPath: Type.Optional(closedObject({ prefix: Type.Array(asNumber, { minItems: 1, maxItems: 10 }) })),
    setPriority: Type.Optional(closedObject({ value: routePriority })),
  }),
  (operation) =>
    Object.keys(operation).length === 1
      ? []
      : [{ path: '', reason: 'must have exactly one of addCommunity, prependASPath and setPriority' }],
)

function netOf(family: 4 | 6) {
  return text<string>((value) => {
    const net = parseCidr(value, { strict: true })
    return net !== undefined && familyOf(net) === family ? net : undefined
  }, `an IPv${family} CIDR whose host bits are zero`)
}

function ruleOf(family: 4 | 6) {
  const maximum = family === 4 ? 32 : 128
  const length = Type.Optional(Type.Integer({ minimum: 0, maximum }))
  const shape = closedObject({
    cidr: Type.Optional(netOf(family)),
    matchOperator: Type.Optional(word('Equal', 'NotEqual', 'In', 'NotIn')),
    prefixLength: Type.Optional(closedObject({ min: length, max: length })),
    source: Type.Optional(word('RemotePeers')),
    interface: Type.Optional(interfacePattern),
    peerType: Type.Optional(word('eBGP', 'iBGP')),
    communities: Type.Optional(closedObject({ values: Type.Array(community, { minItems: 1, maxItems: 1 }) })),
    asPathPrefix: Type.Optional(Type.Array(asNumber, { minItems: 1 })),
    priority: Type.Optional(routePriority),
    action: word('Accept', 'Reject'),
    operations: Type.Optional(Type.Array(operation, { minItems: 1, maxItems: 10 })),
  })
  return crossChecked(shape, ruleProblems)
}

const rulesV4 = Type.Optional(Type.Array(ruleOf(4)))
const rulesV6 = Type.Optional(Type.Array(ruleOf(6)))

const spec = closedObject({ exportV4: rulesV4, importV4: rulesV4, exportV6: rulesV6, importV6: rulesV6 })

/** The first rule that matches decides; one without a condition matches every route. */
export type BgpFilterSpec = Frozen<StaticDecode<typeof spec>>
export type BgpFilter = Resource<'BGPFilter', BgpFilterSpec>

/** Resource reference §6.11.3. */
export const bgpFilter = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'BGPFilter',
  plural: 'bgpfilters',
  namespaced: false,
  spec,
})

type RuleFields = {
  readonly cidr?: string
  readonly matchOperator?: string
  readonly prefixLength?: { readonly min?: number; readonly max?: number }
  readonly action: string
  readonly operations?: readonly unknown[]
}

function ruleProblems({ cidr, matchOperator, prefixLength, action, operations }: RuleFields): readonly Problem[] {
  const { min = 0, max = 128 } = prefixLength ?? {}
  return [
    ...(cidr !== undefined && matchOperator === undefined ? [{ path: 'matchOperator', reason: 'is required with cidr' }] : []),
    ...(cidr === undefined && matchOperator !== undefined ? [{ path: 'matchOperator', reason: 'needs cidr' }] : []),
    ...(cidr === undefined && prefixLength !== undefined ? [{ path: 'prefixLength', reason: 'needs cidr' }] : []),
    ...(min > max ? [{ path: 'prefixLength.max', reason: 'is less than min', value: max }] : []),
    ...(action === 'Reject' && operations !== undefined ? [{ path: 'operations', reason: 'needs action Accept' }] : []),
  ]
}
