/** Capabilities of OPEN (RFC 5492). */
import { afiOf, familyOfAfiSafi, safiOf } from './address-family.ts'
import type { AddPathFamily, Capability, ExtendedNextHop, GracefulRestartFamily, LongLivedFamily } from './message.ts'
import { putU16, putU32, u16At, u32At } from './octets.ts'
import type { Reader } from './reader.ts'

const capabilityCode = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  role: 9,
  gracefulRestart: 64,
  fourOctetAs: 65,
  addPath: 69,
  enhancedRouteRefresh: 70,
  longLivedGracefulRestart: 71,
} as const

/* RFC 5492 §4:  { code u8 | length u8 | value }* */

/**
 * Reads all there are, in order, repetitions too.
 * @throws ShortRead if one overruns: the OPEN is malformed
 */
export function readCapabilities(reader: Reader): Capability[] {
  const capabilities: Capability[] = []
  while (reader.remaining > 0) {
    const code = reader.u8()
    const data = reader.octets(reader.u8())
    capabilities.push(parseCapability(code, data) ?? { type: 'unknown', code, data })
  }
  return capabilities
}

/** undefined for what is not known or not of its length: both are ignored (RFC 5492 §3). */
function parseCapability(code: number, data: Uint8Array): Capability | undefined {
  switch (code) {
    case capabilityCode.multiprotocol: // RFC 4760 §8:  afi u16 | reserved u8 | safi u8
      return data.length === 4 ? { type: 'multiprotocol', afi: u16At(data, 0), safi: data[3] as number } : undefined
    case capabilityCode.routeRefresh: // RFC 2918 §2: empty
      return data.length === 0 ? { type: 'route-refresh' } : undefined
    case capabilityCode.extendedMessage: // RFC 8654 §3: empty
      return data.length === 0 ? { type: 'extended-message' } : undefined
    case capabilityCode.extendedNextHop:
      return parseExtendedNextHop(data)
    case capabilityCode.role: // RFC 9234 §4.1:  role u8
      return data.length === 1 ? { type: 'role', value: data[0] as number } : undefined
    case capabilityCode.fourOctetAs: // RFC 6793 §3:  AS number u32
      return data.length === 4 ? { type: 'four-octet-as', asNumber: u32At(data, 0) } : undefined
    case capabilityCode.gracefulRestart:
      return parseGracefulRestart(data)
    case capabilityCode.enhancedRouteRefresh: // RFC 7313 §3.1: empty
      return data.length === 0 ? { type: 'enhanced-route-refresh' } : undefined
    case capabilityCode.addPath:
      return parseAddPath(data)
    case capabilityCode.longLivedGracefulRestart:
      return parseLongLivedGracefulRestart(data)
    default:
      return undefined
  }
}

/** RFC 8950 §4:  { afi u16 | safi u16 | next hop afi u16 }* */
function parseExtendedNextHop(data: Uint8Array): Capability | undefined {
  if (data.length === 0 || data.length % 6 !== 0) return undefined
  const encodings: ExtendedNextHop[] = []
  for (let at = 0; at < data.length; at += 6)
    encodings.push({ afi: u16At(data, at), safi: u16At(data, at + 2), nextHopAfi: u16At(data, at + 4) })
  return { type: 'extended-next-hop', encodings }
}

const restartState = 0x8000
const gracefulNotification = 0x4000
const forwardingState = 0x80

/** RFC 4724 §3, RFC 8538 §2:  R 1 bit | N 1 bit | 2 bits | restart time 12 bits | { afi u16 | safi u8 | F 1 bit, 7 bits }* */
function parseGracefulRestart(data: Uint8Array): Capability | undefined {
  if (data.length < 2 || (data.length - 2) % 4 !== 0) return undefined
  const head = u16At(data, 0)
  const families: GracefulRestartFamily[] = []
  for (let at = 2; at < data.length; at += 4) {
    const afi = u16At(data, at)
    const safi = data[at + 2] as number
    const forwardingPreserved = ((data[at + 3] as number) & forwardingState) !== 0
    families.push({ family: familyOfAfiSafi(afi, safi) ?? { afi, safi }, forwardingPreserved })
  }
  return {
    type: 'graceful-restart',
    restarting: (head & restartState) !== 0,
    notification: (head & gracefulNotification) !== 0,
    restartTimeSec: head & 0xfff,
    families,
  }
}

/** RFC 7911 §4:  { afi u16 | safi u8 | 1 receive, 2 send, 3 both u8 }*; any other number is ignored. */
function parseAddPath(data: Uint8Array): Capability | undefined {
  if (data.length % 4 !== 0) return undefined
  const families: AddPathFamily[] = []
  for (let at = 0; at < data.length; at += 4) {
    const mode = data[at + 3] as number
    if (mode < 1 || mode > 3) continue
    families.push({ afi: u16At(data, at), safi: data[at + 2] as number, receive: (mode & 1) !== 0, send: (mode & 2) !== 0 })
  }
  return { type: 'add-path', families }
}

/** RFC 9494 §3.1:  { afi u16 | safi u8 | F 1 bit, 7 bits | stale time u24 }* */
function parseLongLivedGracefulRestart(data: Uint8Array): Capability | undefined {
  if (data.length % 7 !== 0) return undefined
  const families: LongLivedFamily[] = []
  for (let at = 0; at < data.length; at += 7) {
    const afi = u16At(data, at)
    const safi = data[at + 2] as number
    const forwardingPreserved = ((data[at + 3] as number) & forwardingState) !== 0
    const staleSec = ((data[at + 4] as number) << 16) | u16At(data, at + 5)
    families.push({ family: familyOfAfiSafi(afi, safi) ?? { afi, safi }, forwardingPreserved, staleSec })
  }
  return { type: 'long-lived-graceful-restart', families }
}

/** Code, length and value. @throws RangeError for a value over 255 octets */
export function encodeCapability(capability: Capability): Uint8Array {
  switch (capability.type) {
    case 'multiprotocol':
      return tlv(capabilityCode.multiprotocol, [capability.afi >>> 8, capability.afi, 0, capability.safi])
    case 'route-refresh':
      return tlv(capabilityCode.routeRefresh, [])
    case 'extended-message':
      return tlv(capabilityCode.extendedMessage, [])
    case 'extended-next-hop':
      return tlv(
        capabilityCode.extendedNextHop,
        capability.encodings.flatMap(({ afi, safi, nextHopAfi }) => [afi >>> 8, afi, safi >>> 8, safi, nextHopAfi >>> 8, nextHopAfi]),
      )
    case 'role':
      return tlv(capabilityCode.role, [capability.value])
    case 'four-octet-as': {
      const value = new Uint8Array(4)
      putU32(value, 0, capability.asNumber)
      return tlv(capabilityCode.fourOctetAs, value)
    }
    case 'graceful-restart':
      return tlv(capabilityCode.gracefulRestart, gracefulRestartValue(capability))
    case 'enhanced-route-refresh':
      return tlv(capabilityCode.enhancedRouteRefresh, [])
    case 'add-path':
      return tlv(
        capabilityCode.addPath,
        capability.families.flatMap(({ afi, safi, receive, send }) => [afi >>> 8, afi, safi, (receive ? 1 : 0) | (send ? 2 : 0)]),
      )
    case 'long-lived-graceful-restart':
      return tlv(capabilityCode.longLivedGracefulRestart, longLivedValue(capability.families))
    case 'unknown':
      return tlv(capability.code, capability.data)
  }
}

function gracefulRestartValue(capability: Capability & { type: 'graceful-restart' }): Uint8Array {
  const { restarting, notification, restartTimeSec, families } = capability
  const value = new Uint8Array(2 + families.length * 4)
  const flags = (restarting ? restartState : 0) | (notification ? gracefulNotification : 0)
  putU16(value, 0, flags | (restartTimeSec & 0xfff))
  for (const [i, family] of families.entries()) putFamily(value, 2 + i * 4, family)
  return value
}

function longLivedValue(families: readonly LongLivedFamily[]): Uint8Array {
  const value = new Uint8Array(families.length * 7)
  for (const [i, family] of families.entries()) {
    putFamily(value, i * 7, family)
    value[i * 7 + 4] = family.staleSec >>> 16
    putU16(value, i * 7 + 5, family.staleSec & 0xffff)
  }
  return value
}

function putFamily(value: Uint8Array, at: number, { family, forwardingPreserved }: GracefulRestartFamily): void {
  const { afi, safi } = typeof family === 'string' ? { afi: afiOf(family), safi: safiOf(family) } : family
  putU16(value, at, afi)
  value[at + 2] = safi
  value[at + 3] = forwardingPreserved ? forwardingState : 0
}

function tlv(code: number, value: ArrayLike<number>): Uint8Array {
  if (value.length > 255) throw new RangeError(`capability ${code} of ${value.length} octets; at most 255 fit`)
  const bytes = new Uint8Array(2 + value.length)
  bytes[0] = code
  bytes[1] = value.length
  bytes.set(value, 2)
  return bytes
}
