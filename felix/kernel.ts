/** The nouns of the kernel: what `policy` and `ipip` decide and only `felix` does. Plain data; equal content means equal kernel. */
import type { Family, IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import type { Changes, Tracked } from './tracked.ts'

export type KernelState = {
  readonly links: readonly Link[]
  /** Devices of our own, which carry packets to other nodes. */
  readonly tunnels: readonly Tunnel[]
  readonly sysctls: readonly Sysctl[]
  /** The few routes that are stated whole: workloads, own blocks. The many learned ones go through `LearnedRoutes`. */
  readonly routes: readonly Route[]
  /** Who has each local address, by an identity that nobody has twice. Another object is another content. */
  readonly holders?: ReadonlyMap<Cidr, string>
  /** The policies, which are many and say themselves what changed in them. Absent: none. */
  readonly policy?: PolicyProgram
  /** The few chains and sets that are stated whole each time; no name of theirs is one of `policy`. */
  readonly ipSets: readonly IpSet[]
  readonly chains: readonly Chain[]
  /** Jumps from the kernel's own chains into ours, behind those of `policy`. */
  readonly hooks: readonly Hook[]
  /** What keeps strangers' packets out of the tunnel device: there before the device is up, and until it is down again. */
  readonly tunnelGuard: Guard
}

export type Guard = Pick<KernelState, 'ipSets' | 'chains' | 'hooks'>

/**
 * What policy wants of the kernel. One object for good, whose content changes: only between two applies, never during one. A reader
 * keeps the versions it has seen and asks each part for its changes since; another object is another content, to be read whole.
 *
 * @property chains those of each table, by name
 * @property hooks the same array until one of them changes
 * @property ipSets by name; one whose members changed is among the changed too
 * @property keepsOut whether rules deny the members of the set of a name, or did before the last change: who goes from it may pass, who comes to any other may too
 */
export type PolicyProgram = {
  readonly chains: Readonly<Record<TableName, Readonly<Record<Family, Tracked<Chain>>>>>
  readonly hooks: readonly Hook[]
  readonly ipSets: Tracked<IpSet>
  readonly keepsOut?: (set: string) => boolean
}

/** A link somebody else made and we bring up (its MAC untouched). `pending` while it does not exist. */
export type Link = { readonly name: string; readonly up: true }

/**
 * IP-in-IP (RFC 2003): the kernel's any-to-any device `tunl0`, which a namespace has at most once. Wanted: up, with this MTU (octets) and
 * with `address`/32 marked as ours. Unwanted again: our address goes and the device is down; it cannot be deleted.
 */
export type Tunnel = { readonly type: 'ipip'; readonly name: 'tunl0'; readonly address: IpAddress; readonly mtu: number }

/** `path` below /proc/sys ("net/ipv4/conf/tort1/proxy_arp"). Tied to `link` if given: not an error while that link is absent. */
export type Sysctl = { readonly path: string; readonly value: string; readonly link?: string }

export type UnicastHop = {
  readonly type: 'unicast'
  readonly device?: string
  readonly via?: IpAddress
  readonly onlink?: boolean
  readonly scope?: 'link' | 'global'
  readonly source?: IpAddress
}

/**
 * @property hops of `multipath`: at least two, in any order, each with `via` and `device` and without `scope` and `source`. The kernel
 * spreads flows over those whose device is up.
 */
export type NextHop = UnicastHop | { readonly type: 'multipath'; readonly hops: readonly UnicastHop[] } | { readonly type: 'blackhole' }

export type Route = { readonly destination: Cidr; readonly nextHop: NextHop }

/**
 * The learned routes, prefix by prefix, without an object per route. Next hops are compared by identity first, so callers keep one
 * object per distinct next hop. Changes are programmed soon after, in batches; a later change of the same prefix replaces an earlier one.
 */
export interface LearnedRoutes {
  /** @param bytes network-order address octets at `at` (4 or 16, host bits zero); copied */
  put(family: Family, bytes: Uint8Array, at: number, length: number, nextHop: NextHop): void
  delete(family: Family, bytes: Uint8Array, at: number, length: number): void
}

export type IpSetType = 'hash:ip' | 'hash:net' | 'hash:ip,port'

/**
 * @property name at most 31 characters, already with our prefix and family
 * @property members canonical text: "10.0.0.1" in `hash:ip`, "10.0.0.0/8" and "10.0.0.1/32" in `hash:net`, "10.0.0.1,tcp:80"
 */
export type IpSet = { readonly name: string; readonly type: IpSetType; readonly family: Family; readonly members: Members }

/** A plain set serves as members that never change; others tell their changes, so that nobody looks at 100,000 for the sake of one. */
export interface Members extends Partial<Changes>, Iterable<string> {
  readonly size: number
  has(member: string): boolean
}

export type TableName = 'filter' | 'nat' | 'mangle' | 'raw'

/**
 * @property name at most 28 characters. The same object means unchanged: makers reuse it
 * @property owner the resource whose rules these are, for the operator: "networkpolicy/shop/web"
 * @property dispatch what the chain's `goto`s say together with their branches, flat: for tables that look a name up at once
 * @property branch it is only reached through a chain that has a `dispatch`, which says the same
 */
export type Chain = {
  readonly family: Family
  readonly table: TableName
  readonly name: string
  readonly rules: readonly Rule[]
  readonly owner?: string
  readonly dispatch?: Dispatch
  readonly branch?: true
}

/** By the whole name of an interface, each once, to the chain that its packets go to. */
export type Dispatch = {
  readonly by: 'in-interface' | 'out-interface'
  readonly chains: readonly (readonly [interfaceName: string, chain: string])[]
}

/** One jump in a kernel chain (FORWARD, INPUT …), `insert`ed before or `append`ed after everything else there. Order within the list is kept. */
export type Hook = {
  readonly family: Family
  readonly table: TableName
  readonly kernelChain: string
  readonly at: 'insert' | 'append'
  readonly rule: Rule
}

/** @property comment human text for `iptables -S` (ASCII, no quotes, at most 180 characters) */
export type Rule = { readonly match: readonly Match[]; readonly action: Action; readonly comment?: string }

/** `name` may end in "+", a wildcard as in iptables. */
export type Match =
  | { readonly type: 'in-interface' | 'out-interface'; readonly name: string; readonly negated?: boolean }
  | { readonly type: 'protocol'; readonly protocol: string | number; readonly negated?: boolean }
  | { readonly type: 'source-net' | 'destination-net'; readonly net: Cidr; readonly negated?: boolean }
  | { readonly type: 'source-set' | 'destination-set'; readonly set: string; readonly withPort?: boolean; readonly negated?: boolean }
  /** At most 15 slots, a range takes two (multiport); `protocol` must be matched before. */
  | { readonly type: 'source-ports' | 'destination-ports'; readonly ports: readonly PortRange[]; readonly negated?: boolean }
  | { readonly type: 'icmp'; readonly icmpType: number; readonly code?: number; readonly negated?: boolean }
  | { readonly type: 'mark'; readonly value: number; readonly mask: number; readonly negated?: boolean }
  | {
      readonly type: 'conntrack'
      readonly states: readonly ('NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED' | 'DNAT')[]
      readonly negated?: boolean
    }
  | { readonly type: 'address-type'; readonly side: 'source' | 'destination'; readonly addressType: 'LOCAL' | 'UNICAST' }
  | { readonly type: 'reverse-path'; readonly fails: true } // rpfilter --validmark --invert
  /** Holds for at most `count` packets `per` unit on average, and `burst` at once. */
  | { readonly type: 'limit'; readonly count: number; readonly per: 'second' | 'minute' | 'hour' | 'day'; readonly burst: number }

export type PortRange = { readonly from: number; readonly to: number }

export type Action =
  | { readonly type: 'accept' | 'drop' | 'return' }
  | { readonly type: 'reject' }
  /** Only in nat POSTROUTING: the source becomes the address of the device that the packet leaves by. */
  | { readonly type: 'masquerade' }
  | { readonly type: 'jump' | 'goto'; readonly chain: string }
  /** new mark = (mark and not mask) xor value */
  | { readonly type: 'set-mark'; readonly value: number; readonly mask: number }
  /** Into the kernel's log; not final. */
  | { readonly type: 'log'; readonly prefix: string }
  /** A copy of the packet's beginning to the listeners of a group (nfnetlink_log); not final. @property prefix at most 63 characters */
  | { readonly type: 'nflog'; readonly group: number; readonly prefix: string }
  /** Only in raw: conntrack leaves the packet alone; not final. */
  | { readonly type: 'no-track' }

/**
 * Where one wanted object stands. `pending`: waits for something outside (an interface). `failed`: the kernel's word; retried.
 * `closed`: what it is for is shut meanwhile, so that nothing else has to wait for it. `owner`: the resource that it is made of.
 */
export type ObjectStatus =
  | { readonly state: 'programmed' }
  | { readonly state: 'pending'; readonly reason: string }
  | { readonly state: 'failed'; readonly reason: string; readonly closed?: true; readonly owner?: string }

/** What a table says after an `apply`: the objects that are not programmed, by a key an operator recognises ("route 10.0.0.1/32"). */
export type TableReport = { readonly changed: number; readonly repaired: number; readonly unprogrammed: ReadonlyMap<string, ObjectStatus> }
