import type { Metadata } from './resource.ts'

/** Every stored policy carries its tier as a label too (resource reference §6.1.2, §6.2), whatever the user wrote there. */
export function withTierLabel<Spec extends { readonly tier: string }>(metadata: Metadata, spec: Spec) {
  return { metadata: { ...metadata, labels: { ...metadata.labels, 'projectcalico.org/tier': spec.tier } }, spec }
}
