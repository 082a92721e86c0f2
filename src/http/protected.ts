/** Resources that Tortie itself made and relies on: deleting them is refused with 423. */
import type { Problem, ResourceRef } from '../model/resource.ts'
import { title } from './apply.ts'

const builtInTiers: ReadonlySet<string> = new Set(['kube-admin', 'default', 'kube-baseline'])

export function protectedResources(refs: readonly ResourceRef[]): readonly Problem[] {
  return refs.flatMap((ref, document) => {
    const reason = protection(ref)
    return reason === undefined ? [] : [{ path: 'metadata.name', value: ref.name, reason: `${title(ref)} ${reason}`, document }]
  })
}

function protection({ group, kind, name }: ResourceRef): string | undefined {
  if (group !== 'projectcalico.org') return undefined
  if (kind === 'Tier' && builtInTiers.has(name)) return 'is built in and cannot be deleted'
  if (kind !== 'Profile') return undefined
  if (name === 'projectcalico-default-allow') return 'is built in and cannot be deleted'
  return /^(kns|ksa)\./.test(name) ? 'follows its namespace or service account and cannot be deleted' : undefined
}
