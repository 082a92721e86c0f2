/** Every option of the agent (INTERFACE §2): name, unit, default, meaning, check. The reference, the environment variables and the type are made of it. */
import Type, { type StaticDecode } from 'typebox'
import { defaultMultipath } from '../../bgp/peer.ts'
import { isInterfacePrefix } from '../model/felix-scalars.ts'
import type { Frozen } from '../model/frozen.ts'
import { name, portNumber } from '../model/scalars.ts'
import { closedObject, text } from '../model/schema-check.ts'
import { type IpAddress, parseAddress } from '../net/address.ts'
import { parseIpv4 } from '../net/ipv4.ts'
import { type Cidr, type InterfaceAddress, parseCidr, parseInterfaceAddress } from '../net/prefix.ts'
import { isLinkLocal, parseZoned, zoned } from '../net/zone.ts'
import { addPathOptions } from './add-path-options.ts'
import { bfdOptions } from './bfd-options.ts'
import { flowLogOptions } from './flow-log-options.ts'
import { readListen } from './listen-address.ts'
import { monitor, mrt } from './monitor-options.ts'
import { optional, required, section, withDefault } from './option.ts'
import { asNumber, peerRouteOptions } from './peer-route-options.ts'
import { restartOptions } from './restart-options.ts'
import { peerTransport, rangeOptions, sessionTransport } from './transport-options.ts'

const peerAddress = text(
  (value) => readPeerAddress(value),
  'an IPv4 or IPv6 unicast address; a link-local one with its link, as in fe80::1%eth0',
)
const listenAddress = text(parseAddress, 'an IPv4 or IPv6 address')
const pathCount = Type.Integer({ minimum: 1, maximum: 64 })
const bgpIdentifier = text((value) => (parseIpv4(value) ? (value as IpAddress) : undefined), 'an IPv4 address other than 0.0.0.0') // RFC 6286
const path = text((value) => (value !== '' && !value.includes('\0') ? value : undefined), 'a path')
const socketPath = text(
  (value) => (/^\/[^\0]+$/.test(value) && Buffer.byteLength(value) <= 107 ? value : undefined),
  'an absolute path of at most 107 bytes',
)

/** RFC 4271 §4.2 */
const holdTime = Type.Refine(
  Type.Integer({ minimum: 0, maximum: 65_535 }),
  (value) => value !== 1 && value !== 2,
  () => 'must be 0 or 3 to 65535',
)

const password = text((value) => (value !== '' && Buffer.byteLength(value) <= 80 ? value : undefined), '1 to 80 bytes')

const peerIdentity = {
  name: required(name, { meaning: 'unique; a DNS-1123 subdomain' }),
  address: required(peerAddress, { meaning: 'whom to connect to and take connections from; a link-local one with its link: fe80::1%eth0' }),
  asNumber: required(asNumber, { meaning: "the peer's AS, plain or high.low" }),
  port: withDefault(portNumber, 179, { meaning: 'TCP port to connect to' }),
  passive: withDefault(Type.Boolean(), false, { meaning: 'never connect, only take connections' }),
  ...peerTransport,
}

const sessionOptions = {
  families: optional(Type.Array(Type.Enum(['ipv4-unicast', 'ipv6-unicast']), { minItems: 1, uniqueItems: true }), {
    meaning: 'address families to exchange',
    otherwise: 'those the node has an address of',
  }),
  multihop: optional(Type.Integer({ minimum: 1, maximum: 255 }), {
    meaning: 'TTL for eBGP peers that are not directly connected; without effect on iBGP; excludes ttlSecurity',
    unit: 'hops',
  }),
  ...sessionTransport,
  routeReflectorClient: withDefault(Type.Boolean(), false, { meaning: 'reflect routes to this peer (RFC 4456)' }),
  holdTimeSec: withDefault(holdTime, 90, {
    meaning: 'proposed hold time: 0 (none) or 3 to 65535',
    unit: 'seconds',
  }),
  ...restartOptions,
  bfd: Type.Optional(bfdOptions),
  addPath: Type.Optional(addPathOptions),
  maxPrefixes: withDefault(Type.Integer({ minimum: 0, maximum: 0xffff_ffff }), 0, {
    meaning: 'more prefixes than this end the session; 0: no limit',
  }),
  password: optional(password, { meaning: 'TCP MD5 key (RFC 2385), at most 80 bytes; excludes passwordFile' }),
  passwordFile: optional(path, { meaning: 'file that holds the password' }),
  ...peerRouteOptions,
}

const peer = closedObject({ ...peerIdentity, ...sessionOptions })
const listenRange = closedObject({ ...rangeOptions, ...sessionOptions })

const tls = closedObject({
  certFile: required(path, { meaning: 'certificate chain, PEM' }),
  keyFile: required(path, { meaning: 'private key, PEM' }),
  clientCaFile: optional(path, { meaning: 'clients must show a certificate of these authorities' }),
})

const datastoreType = Type.Refine(
  Type.Enum(['embedded', 'etcd']),
  (value) => value !== 'etcd',
  () => 'etcd is not supported yet: use embedded',
)

/** As in a file with nothing in it but defaults; `closedObject` refuses what is not here. */
export const optionTable = closedObject({
  node: section({
    name: optional(name, { meaning: "this node's name in resources", otherwise: 'the host name' }),
    ipv4: optional(interfaceAddress(4, '10.99.0.1/24'), {
      meaning: 'underlay address with its prefix length: router id and next hop',
      otherwise: 'Node, else detected; the choice and its reason are in /v1/status',
    }),
    ipv6: optional(interfaceAddress(6, 'fd99::1/64'), {
      meaning: 'IPv6 underlay address with its prefix length',
      otherwise: 'Node, else none',
    }),
    podCidrs: withDefault(
      Type.Array(
        text((value): Cidr | undefined => parseCidr(value, { strict: true }), 'a CIDR whose host bits are zero'),
        { uniqueItems: true },
      ),
      [],
      {
        meaning: 'originated as they stand',
      },
    ),
  }),
  bgp: section({
    enabled: withDefault(Type.Boolean(), true, { meaning: 'speak BGP' }),
    asNumber: optional(asNumber, { meaning: "this node's AS, plain or high.low", otherwise: 'Node, BGPConfiguration, else `64512`' }),
    routerId: optional(bgpIdentifier, { meaning: 'BGP identifier', otherwise: "the node's IPv4 address" }),
    clusterId: optional(bgpIdentifier, {
      meaning: 'cluster of this route reflector (RFC 4456)',
      otherwise: 'Node, else the router id, once a peer is a routeReflectorClient',
    }),
    listenAddresses: optional(Type.Array(listenAddress, { uniqueItems: true }), {
      meaning: 'where to take connections',
      otherwise: "BGPConfiguration, else the node's addresses",
    }),
    listenPort: optional(portNumber, { meaning: 'TCP port to listen on', otherwise: 'BGPConfiguration, else `179`' }),
    multipath: section({
      ebgp: withDefault(pathCount, defaultMultipath.ebgp, {
        meaning: 'how many equally good paths share the traffic to a prefix (ECMP) when they are external; 1: the best alone',
      }),
      ibgp: withDefault(pathCount, defaultMultipath.ibgp, { meaning: 'the same of internal paths' }),
      relaxAsPath: withDefault(Type.Boolean(), defaultMultipath.relaxAsPath, {
        meaning: 'AS paths need only be of equal length for that, not the same',
      }),
    }),
    preferExisting: withDefault(Type.Boolean(), false, {
      meaning: 'between equal external paths the one that was the best stays it, whatever its BGP identifier (RFC 5004)',
    }),
    bfd: Type.Optional(bfdOptions),
    requireEbgpPolicy: withDefault(Type.Boolean(), false, {
      meaning: 'an eBGP peer without import, export or filters of its own exchanges nothing (RFC 8212)',
    }),
    aggregates: withDefault(
      Type.Array(
        text((value): Cidr | undefined => parseCidr(value, { strict: true }), 'a CIDR whose host bits are zero'),
        { uniqueItems: true },
      ),
      [],
      { meaning: 'originated in place of what this node originates inside, as long as there is something' },
    ),
    resolveViaDefault: withDefault(Type.Boolean(), false, {
      meaning: "the default route learned from a peer leads to next hops too that are on none of the node's subnets",
    }),
    peers: withDefault(Type.Array(peer), [], { meaning: 'static peers' }),
    monitors: optional(Type.Array(monitor), { meaning: 'BMP collectors that are told of sessions and routes', otherwise: 'none' }),
    mrt: Type.Optional(mrt),
    secretsPath: optional(path, {
      meaning:
        'directory with a folder for each secret and a file for each key, as Kubernetes mounts them: where `password.secretKeyRef` of resources is looked up',
      otherwise: 'peers with such a password stay down',
    }),
    listenRanges: withDefault(Type.Array(listenRange), [], {
      meaning: 'peers that are not written down one by one: they exist while they are connected',
    }),
  }),
  felix: section({
    enabled: withDefault(Type.Boolean(), true, { meaning: 'false: touch nothing in the kernel' }),
    interfacePrefix: optional(
      text((value) => (isInterfacePrefix(value) ? value : undefined), '1 to 12 of A-Z, a-z, 0-9, "_" and "-"'),
      {
        meaning:
          'how host sides of workload interfaces begin; unknown interfaces with it are dropped; change it only on a node without workloads',
        otherwise: 'FelixConfiguration, else `tort`',
      },
    ),
    routeProtocol: withDefault(routeProtocol(), 116, {
      meaning: 'rtm_protocol of every route the agent owns: 5 to 255, none that another daemon uses',
    }),
    iptablesBackend: optional(Type.Enum(['auto', 'legacy', 'nft']), {
      meaning: 'which iptables: auto, legacy or nft',
      otherwise: 'FelixConfiguration, else `auto`',
    }),
    nftablesMode: optional(Type.Enum(['auto', 'enabled', 'disabled']), {
      meaning: 'nftables itself in place of iptables; auto: only where iptables is not installed',
      otherwise: 'FelixConfiguration, else `auto`',
    }),
    flowLog: flowLogOptions,
  }),
  api: section({
    socket: withDefault(socketPath, '/run/tortie/api.sock', { meaning: 'UNIX socket, mode 0660' }),
    listen: optional(text(readListen, 'ADDRESS:PORT, as in 127.0.0.1:9099 or [::1]:9099'), {
      meaning: 'TCP address; off loopback it needs tls, and tokenFile or tls.clientCaFile',
      otherwise: 'no TCP',
    }),
    tls: Type.Optional(tls),
    tokenFile: optional(path, { meaning: 'file that holds the bearer token of TCP clients' }),
  }),
  datastore: section({
    type: withDefault(datastoreType, 'embedded', { meaning: 'embedded' }),
    path: withDefault(path, '/var/lib/tortie', { meaning: 'embedded: a directory owned by one agent' }),
    endpoints: optional(Type.Array(Type.String({ minLength: 1 })), { meaning: 'etcd: URLs; without effect on embedded' }),
  }),
  log: section({
    level: optional(Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), {
      meaning: 'what is logged: this level and above',
      otherwise: 'FelixConfiguration, else `info`',
    }),
  }),
})

/** A checked configuration. What has no default is absent until the agent finds it out. */
export type Config = Frozen<StaticDecode<typeof optionTable>>
export type ConfigPeer = Config['bgp']['peers'][number]
export type ConfigRange = Config['bgp']['listenRanges'][number]

function interfaceAddress(family: 4 | 6, example: string) {
  return text((value): InterfaceAddress | undefined => {
    const parsed = value.includes('/') ? parseInterfaceAddress(value) : undefined
    return parsed?.address.includes(':') === (family === 6) ? parsed : undefined
  }, `an IPv${family} address with its prefix length, as in ${example}`)
}

function readPeerAddress(value: string): string | undefined {
  const end = parseZoned(value)
  if (end === undefined || !isPeerAddress(end.address)) return undefined
  return isLinkLocal(end.address) && end.interface === undefined ? undefined : zoned(end)
}

/** Unspecified, multicast and broadcast addresses are nobody's. */
function isPeerAddress(value: string): boolean {
  const v4 = parseIpv4(value)
  if (v4 !== undefined) return v4 >>> 24 !== 0 && v4 >>> 28 < 14
  return !/^(::$|ff)/i.test(parseAddress(value) ?? '::')
}

/** 0 to 4 are the kernel's and the administrator's own; those named here are written by other daemons (rtnetlink.h). */
function routeProtocol() {
  const others = new Map([
    [9, 'ra'],
    [11, 'zebra'],
    [12, 'bird'],
    [16, 'dhcp'],
    [17, 'mrouted'],
    [18, 'keepalived'],
    [42, 'babel'],
    [80, 'Calico'],
    [186, 'bgp'],
    [187, 'isis'],
    [188, 'ospf'],
    [189, 'rip'],
    [192, 'eigrp'],
  ])
  return Type.Refine(
    Type.Integer({ minimum: 5, maximum: 255 }),
    (value) => !others.has(value),
    (value) => `${value} is used by ${others.get(value)}: its routes would be taken for ours`,
  )
}
