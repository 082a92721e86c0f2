import { putU32, u32At } from '../wire/octets.ts'

/** bfd.SessionState (RFC 5880 §6.8.1); the place in the list is the value of the Sta field (§4.1). */
export const bfdStates = ['AdminDown', 'Down', 'Init', 'Up'] as const
export type BfdState = (typeof bfdStates)[number]

/** RFC 5880 §4.1. Intervals are microseconds, 0..4294967295. */
export type ControlPacket = {
  /** 0..31, see `diagnosticName`. */
  readonly diagnostic: number
  readonly state: BfdState
  readonly poll: boolean
  readonly final: boolean
  /** C: the sender's BFD goes on while its control plane is away. */
  readonly controlPlaneIndependent: boolean
  readonly demand: boolean
  /** 1..255 */
  readonly detectMult: number
  /** 1..4294967295 */
  readonly myDiscriminator: number
  /** 0: not known yet. */
  readonly yourDiscriminator: number
  readonly desiredMinTxUs: number
  /** 0: do not send periodically. */
  readonly requiredMinRxUs: number
  /** 0: echo packets are not supported. */
  readonly requiredMinEchoRxUs: number
}

/** Why a packet is discarded before any session sees it (RFC 5880 §6.8.6). */
export type Discard = 'version' | 'length' | 'detect-mult' | 'multipoint' | 'my-discriminator' | 'your-discriminator' | 'authentication'

const VERSION = 1
const LENGTH = 24
const LENGTH_WITH_AUTHENTICATION = 26
const POLL = 0x20
const FINAL = 0x10
const CONTROL_PLANE_INDEPENDENT = 0x08
const AUTHENTICATION = 0x04
const DEMAND = 0x02
const MULTIPOINT = 0x01

/**
 * The checks of RFC 5880 §6.8.6 in their order, but for those that need the session. Authentication is not configured on any session, so a
 * packet with it is discarded.
 *
 *     vers 3 | diag 5 | sta 2 | P F C A D M | detect mult u8 | length u8
 *     my discriminator u32 | your discriminator u32 | desired min TX u32 | required min RX u32 | required min echo RX u32
 *
 * @param bytes one datagram
 */
export function decodeControlPacket(bytes: Uint8Array): ControlPacket | Discard {
  if (bytes.length < LENGTH) return 'length'
  const [first = 0, flags = 0, detectMult = 0, length = 0] = bytes
  if (first >> 5 !== VERSION) return 'version'
  const authenticated = (flags & AUTHENTICATION) !== 0
  if (length < (authenticated ? LENGTH_WITH_AUTHENTICATION : LENGTH) || length > bytes.length) return 'length'
  if (detectMult === 0) return 'detect-mult'
  if ((flags & MULTIPOINT) !== 0) return 'multipoint'
  const myDiscriminator = u32At(bytes, 4)
  if (myDiscriminator === 0) return 'my-discriminator'
  const yourDiscriminator = u32At(bytes, 8)
  const state = bfdStates[flags >> 6] as BfdState
  if (yourDiscriminator === 0 && (state === 'Init' || state === 'Up')) return 'your-discriminator'
  if (authenticated) return 'authentication'
  return {
    diagnostic: first & 0x1f,
    state,
    poll: (flags & POLL) !== 0,
    final: (flags & FINAL) !== 0,
    controlPlaneIndependent: (flags & CONTROL_PLANE_INDEPENDENT) !== 0,
    demand: (flags & DEMAND) !== 0,
    detectMult,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTxUs: u32At(bytes, 12),
    requiredMinRxUs: u32At(bytes, 16),
    requiredMinEchoRxUs: u32At(bytes, 20),
  }
}

/** 24 octets: version 1, no authentication. */
export function encodeControlPacket(packet: ControlPacket): Uint8Array {
  const bytes = new Uint8Array(LENGTH)
  bytes[0] = (VERSION << 5) | packet.diagnostic
  bytes[1] =
    (bfdStates.indexOf(packet.state) << 6) |
    (packet.poll ? POLL : 0) |
    (packet.final ? FINAL : 0) |
    (packet.controlPlaneIndependent ? CONTROL_PLANE_INDEPENDENT : 0) |
    (packet.demand ? DEMAND : 0)
  bytes[2] = packet.detectMult
  bytes[3] = LENGTH
  putU32(bytes, 4, packet.myDiscriminator)
  putU32(bytes, 8, packet.yourDiscriminator)
  putU32(bytes, 12, packet.desiredMinTxUs)
  putU32(bytes, 16, packet.requiredMinRxUs)
  putU32(bytes, 20, packet.requiredMinEchoRxUs)
  return bytes
}
