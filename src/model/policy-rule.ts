/** Rules shared by all policies and profiles (resource reference §6.1). */

export type PortSpec = number | string // 80, "80:90", "http"

export type EntityRule = {
  readonly nets?: readonly string[]
  readonly notNets?: readonly string[]
  readonly selector?: string
  readonly notSelector?: string
  readonly namespaceSelector?: string
  readonly ports?: readonly PortSpec[]
  readonly notPorts?: readonly PortSpec[]
  readonly serviceAccounts?: { readonly names?: readonly string[]; readonly selector?: string }
}

export type RuleAction = 'Allow' | 'Deny' | 'Log' | 'Pass'

export type PolicyRule = {
  readonly action: RuleAction
  readonly ipVersion?: 4 | 6
  readonly protocol?: string | number
  readonly notProtocol?: string | number
  readonly icmp?: { readonly type?: number; readonly code?: number }
  readonly notICMP?: { readonly type?: number; readonly code?: number }
  readonly source?: EntityRule
  readonly destination?: EntityRule
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
}

/** After checks and defaults: `tier` and `types` are always set. */
export type PolicySpec = {
  readonly tier: string
  readonly order?: number
  readonly selector?: string
  readonly serviceAccountSelector?: string
  readonly types: readonly ('Ingress' | 'Egress')[]
  readonly ingress?: readonly PolicyRule[]
  readonly egress?: readonly PolicyRule[]
  readonly performanceHints?: readonly 'AssumeNeededOnEveryNode'[]
}

export type GlobalPolicySpec = PolicySpec & {
  readonly namespaceSelector?: string
  readonly doNotTrack?: boolean
  readonly preDNAT?: boolean
  readonly applyOnForward?: boolean
}
