/** Every scenario, by area. */
import { k8sRules } from './k8s-rules.ts'
import { k8sSubjects } from './k8s-subjects.ts'
import type { Scenario } from './scenario.ts'

export const areas: ReadonlyMap<string, readonly Scenario[]> = new Map([
  ['Kubernetes policies: subjects', k8sSubjects],
  ['Kubernetes policies: peers and ports', k8sRules],
])
