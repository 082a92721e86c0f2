/** What felix and policy go by: the configuration file, then FelixConfiguration, then the default (INTERFACE §4); pure. */
import { defaultLimits, type PolicyLimits } from '../../felix/policy-limits.ts'
import { defaultFailsafePorts, type FailsafePorts } from '../../policy/host/failsafe.ts'
import type { PacketChecks } from '../../policy/packet-checks.ts'
import { defaultLog, type LogStyle, type PolicyActions } from '../../policy/policy-actions.ts'
import { type AllowedTunnels, defaultVxlanPort } from '../../policy/workload-tunnels.ts'
import type { Config } from '../config.ts'
import type { LogLevel } from '../log.ts'
import { durationMs } from '../model/duration.ts'
import type { FelixConfigurationSpec } from '../model/felix-configuration.ts'
import { isInterfacePrefix } from '../model/felix-scalars.ts'
import type { Cidr } from '../net/prefix.ts'
import { logLevelOf } from './log-level.ts'

export type EffectiveFelix = {
  /** How host sides of workload interfaces begin. */
  readonly interfacePrefix: string
  readonly iptablesBackend: 'auto' | 'legacy' | 'nft'
  /** Whether policy is written with nftables itself; `auto`: only where there is no iptables. */
  readonly nftablesMode: 'auto' | 'enabled' | 'disabled'
  /** The bits of the packet mark that are ours: two at least. */
  readonly markMask: number
  readonly logLevel: LogLevel
  readonly actions: PolicyActions
  /** Ports of the node that no policy for its HostEndpoints closes. */
  readonly failsafe: FailsafePorts
  readonly checks: Pick<PacketChecks, 'dropInvalid' | 'allowSpoofing'>
  /** What becomes of packets to addresses of services that lead to no pod; undefined: they go on. */
  readonly serviceLoops: 'drop' | 'reject' | undefined
  /** undefined: as the IP pools say. */
  readonly ipipEnabled: boolean | undefined
  /** Octets; 0: derived from the uplink's. */
  readonly ipipMtu: number
  /** Which tunnels workloads may make themselves. */
  readonly allowedTunnels: AllowedTunnels
  /** IPv4 networks from which tunnel packets are taken as well as from the known nodes. */
  readonly externalNodes: readonly Cidr[]
  readonly limits: PolicyLimits
}

/** @param specs the configurations that apply to this node, the one with the most weight first */
export function effectiveFelix({ felix, log }: Pick<Config, 'felix' | 'log'>, specs: readonly FelixConfigurationSpec[]): EffectiveFelix {
  const first = firstOf(specs)
  const nftablesMode = felix.nftablesMode ?? lower(first('nftablesMode') ?? 'Auto')
  const backend = nftablesMode === 'enabled' ? 'nftables' : 'iptables'
  return {
    interfacePrefix: felix.interfacePrefix ?? onePrefix(first('interfacePrefix')) ?? 'tort',
    iptablesBackend: felix.iptablesBackend ?? lower(first('iptablesBackend') ?? 'Auto'),
    nftablesMode,
    markMask: first(`${backend}MarkMask`) ?? 0xffff_0000,
    logLevel: log.level ?? logLevelOf(first('logSeverityScreen')) ?? 'info',
    actions: {
      jumpsAt: lower(first('chainInsertMode') ?? 'Insert'),
      toHost: lower(first('defaultEndpointToHostAction') ?? 'Drop'),
      allowed: lower(first(`${backend}FilterAllowAction`) ?? 'Accept'),
      denied: lower(first(`${backend}FilterDenyAction`) ?? 'Drop'),
      log: logStyle(first('logPrefix'), first('logActionRateLimit'), first('logActionRateLimitBurst')),
    },
    failsafe: {
      ingress: first('failsafeInboundHostPorts') ?? defaultFailsafePorts.ingress,
      egress: first('failsafeOutboundHostPorts') ?? defaultFailsafePorts.egress,
    },
    checks: {
      dropInvalid: first('disableConntrackInvalidCheck') !== true,
      allowSpoofing: first('workloadSourceSpoofing') === 'Any',
    },
    serviceLoops: serviceLoops(first('serviceLoopPrevention') ?? 'Drop'),
    ipipEnabled: first('ipipEnabled'),
    ipipMtu: first('ipipMTU') ?? 0,
    allowedTunnels: {
      ipip: first('allowIPIPPacketsFromWorkloads') ?? false,
      vxlan: first('allowVXLANPacketsFromWorkloads') ?? false,
      vxlanPort: first('vxlanPort') ?? defaultVxlanPort,
    },
    limits: {
      ipSetMembers: Math.max(1, first('maxIpsetSize') ?? defaultLimits.ipSetMembers),
      ipSetsCheckMs: interval(first('ipsetsRefreshInterval')) ?? defaultLimits.ipSetsCheckMs,
      rulesCheckMs: interval(first('iptablesRefreshInterval')) ?? defaultLimits.rulesCheckMs,
    },
    externalNodes: (first('externalNodesList') ?? []) as readonly Cidr[],
  }
}

const units = ['second', 'minute', 'hour', 'day'] as const

/** What of it concerns the chains of policy. */
export type PolicyChoices = Pick<EffectiveFelix, 'markMask' | 'actions' | 'failsafe' | 'allowedTunnels'> & { readonly checks: PacketChecks }

/** @param services blocks of service addresses that this node announces */
export function policyChoices(felix: EffectiveFelix, services: readonly Cidr[]): PolicyChoices {
  const { markMask, actions, failsafe, allowedTunnels, checks, serviceLoops: action } = felix
  return { markMask, actions, failsafe, allowedTunnels, checks: { ...checks, serviceLoops: { action, services } } }
}

/** What of it concerns IP-in-IP. */
export function tunnelSettings({ ipipEnabled, ipipMtu, externalNodes }: EffectiveFelix) {
  return { ...(ipipEnabled !== undefined && { enabled: ipipEnabled }), mtu: ipipMtu, externalNodes }
}

function serviceLoops(word: 'Drop' | 'Reject' | 'Disabled'): EffectiveFelix['serviceLoops'] {
  return word === 'Disabled' ? undefined : lower(word)
}

/** @param rate "10/second", as the schema has checked it. @param burst 0: no more at once than the kernel's least, 1 */
function logStyle(prefix: string | undefined, rate: string | undefined, burst: number | undefined): LogStyle {
  const [count, per] = (rate ?? '').split('/')
  const { limit } = defaultLog
  const unit = units.find((one) => one === per)
  return {
    prefix: prefix ?? defaultLog.prefix,
    limit: { ...(unit === undefined ? limit : { count: Number(count), per: unit }), burst: Math.max(1, burst ?? limit.burst) },
  }
}

const yearMs = 365 * 86_400_000

/** 0s: never. */
function interval(duration: string | undefined): number | undefined {
  const ms = duration === undefined ? undefined : durationMs(duration)
  return ms === 0 ? yearMs : ms
}

/** The value of a field in the first configuration that has it. */
function firstOf(specs: readonly FelixConfigurationSpec[]) {
  return <Field extends keyof FelixConfigurationSpec>(field: Field): FelixConfigurationSpec[Field] | undefined =>
    specs.find((spec) => spec[field] !== undefined)?.[field]
}

/** Several, or one that leaves no room for names, cannot be used. */
function onePrefix(prefixes: string | undefined): string | undefined {
  return prefixes !== undefined && isInterfacePrefix(prefixes) ? prefixes : undefined
}

function lower<Word extends string>(word: Word): Lowercase<Word> {
  return word.toLowerCase() as Lowercase<Word>
}
