/** Every scenario, by area. */
import { actions } from './actions.ts'
import { clusterPolicies } from './cluster-policies.ts'
import { hostEndpoints } from './host-endpoints.ts'
import { hostStages } from './host-stages.ts'
import { identities } from './identities.ts'
import { k8sRules } from './k8s-rules.ts'
import { k8sSubjects } from './k8s-subjects.ts'
import { networkSets } from './network-sets.ts'
import { profiles } from './profiles.ts'
import { ruleAddresses } from './rule-addresses.ts'
import { rulePorts } from './rule-ports.ts'
import { ruleProtocols } from './rule-protocols.ts'
import { ruleServices } from './rule-services.ts'
import type { Scenario } from './scenario.ts'
import { selectors } from './selectors.ts'
import { stagedPolicies } from './staged-policies.ts'
import { tiers } from './tiers.ts'
import { workloadHost } from './workload-host.ts'

export const areas: ReadonlyMap<string, readonly Scenario[]> = new Map([
  ['Kubernetes policies: subjects', k8sSubjects],
  ['Kubernetes policies: peers and ports', k8sRules],
  ['rules: protocols', ruleProtocols],
  ['rules: ports', rulePorts],
  ['rules: addresses', ruleAddresses],
  ['rules: services', ruleServices],
  ['selectors', selectors],
  ['namespaces and service accounts', identities],
  ['network sets', networkSets],
  ['profiles', profiles],
  ['tiers and order', tiers],
  ['cluster policies', clusterPolicies],
  ['staged policies', stagedPolicies],
  ['actions', actions],
  ['workloads and their node', workloadHost],
  ['host endpoints', hostEndpoints],
  ['host endpoints: stages', hostStages],
])
