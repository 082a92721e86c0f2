/** Fields of every policy that is in no namespace (resource reference §6.3). */
import Type from 'typebox'
import { globalRules, policyFields } from './policy-rule.ts'
import type { Problem } from './resource.ts'
import { selector } from './scalars.ts'

export const globalPolicyFields = {
  ...policyFields,
  ...globalRules,
  namespaceSelector: Type.Optional(selector),
  doNotTrack: Type.Optional(Type.Boolean()),
  preDNAT: Type.Optional(Type.Boolean()),
  applyOnForward: Type.Optional(Type.Boolean()),
}

type Flags = {
  readonly doNotTrack?: boolean
  readonly preDNAT?: boolean
  readonly applyOnForward?: boolean
  readonly types?: readonly string[]
  readonly egress?: readonly unknown[]
}

/** What the flags for host endpoints must not be to each other. Paths are relative to the spec. */
export function flagProblems({
  doNotTrack = false,
  preDNAT = false,
  applyOnForward = false,
  types = [],
  egress = [],
}: Flags): readonly Problem[] {
  const set = [...(doNotTrack ? ['doNotTrack'] : []), ...(preDNAT ? ['preDNAT'] : [])]
  return [
    ...(applyOnForward ? [] : set.map((path) => ({ path, reason: 'needs applyOnForward: true' }))),
    ...(doNotTrack && preDNAT ? [{ path: 'doNotTrack', reason: 'excludes preDNAT' }] : []),
    ...(preDNAT && egress.length > 0 ? [{ path: 'egress', reason: 'is not for preDNAT, which is about ingress only' }] : []),
    ...(preDNAT && types.includes('Egress') ? [{ path: 'types', reason: 'Egress is not for preDNAT, which is about ingress only' }] : []),
  ]
}
