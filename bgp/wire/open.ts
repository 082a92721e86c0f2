/** OPEN (RFC 4271 §4.2). */
import { BgpError } from './bgp-error.ts'
import { encodeCapability, readCapabilities } from './capabilities.ts'
import { errorCode, openError } from './error-code.ts'
import { writeHeader } from './header.ts'
import { type Capability, headerLength, maxMessageLength, messageType, type Open } from './message.ts'
import { putU16, putU32 } from './octets.ts'
import { decodeWith, type Reader } from './reader.ts'

const bgpVersion = 4
const capabilitiesParameter = 2
/** Stands where the first parameter's type would: the extended form follows (RFC 9072 §2). */
const extendedMark = 255

/* Body:  version u8 | my AS u16 | hold time u16 | BGP Identifier u32 | optional parameters length u8 | parameters
   parameters:           { type u8 | length u8 | value }*
   extended (RFC 9072):  255 u8 | length of the rest u16 | { type u8 | length u16 | value }*, after a length of 255 */

/**
 * Reads the body `bytes[start, end)` and checks what depends on it alone; what depends on the configuration is for the FSM.
 * @returns 2/1 version, 2/2 AS 0 (RFC 7607), 2/3 identifier 0 (RFC 6286), 2/4 optional parameter, 2/6 hold time of 1 or 2 s, 2/0 malformed
 */
export function decodeOpen(bytes: Uint8Array, start: number, end: number): Open | BgpError {
  return decodeWith(bytes, start, end, readOpen, (error) => openFault(openError.unspecific, `malformed: ${error.message}`))
}

function readOpen(reader: Reader): Open {
  const version = reader.u8()
  if (version !== bgpVersion) throw openFault(openError.unsupportedVersion, `version ${version}`, Uint8Array.of(0, bgpVersion))
  const myAs = reader.u16()
  if (myAs === 0) throw openFault(openError.badPeerAs, 'AS 0 (RFC 7607 §2)')
  const holdTimeSec = reader.u16()
  if (holdTimeSec === 1 || holdTimeSec === 2) throw openFault(openError.unacceptableHoldTime, `hold time of ${holdTimeSec} s`)
  const routerId = reader.u32()
  if (routerId === 0) throw openFault(openError.badBgpIdentifier, 'identifier 0.0.0.0 (RFC 6286 §2.1)')
  const capabilities = readParameters(reader)
  if (capabilities.some((capability) => capability.type === 'four-octet-as' && capability.asNumber === 0))
    throw openFault(openError.badPeerAs, 'AS 0 in the four-octet AS capability (RFC 7607 §2)')
  return { type: 'open', version, myAs, holdTimeSec, routerId, capabilities }
}

function readParameters(reader: Reader): Capability[] {
  let length = reader.u8()
  const extended = length > 0 && reader.peek() === extendedMark
  if (extended) {
    reader.skip(1)
    length = reader.u16()
  }
  if (length !== reader.remaining)
    throw openFault(openError.unspecific, `${length} octets of optional parameters announced, ${reader.remaining} there`)
  const capabilities: Capability[] = []
  while (reader.remaining > 0) {
    const type = reader.u8()
    const value = reader.nested(extended ? reader.u16() : reader.u8())
    if (type !== capabilitiesParameter) throw openFault(openError.unsupportedOptionalParameter, `optional parameter ${type}`)
    for (const capability of readCapabilities(value)) capabilities.push(capability)
  }
  return capabilities
}

function openFault(subcode: number, reason: string, data?: Uint8Array): BgpError {
  return new BgpError(errorCode.open, subcode, `OPEN Message Error: ${reason}`, data)
}

/**
 * The whole message: one parameter with all capabilities, in the extended form only where the plain one cannot hold them (RFC 9072 §2).
 * @throws RangeError if the capabilities do not fit an OPEN
 */
export function encodeOpen({ version, myAs, holdTimeSec, routerId, capabilities }: Open): Uint8Array {
  const parameters = encodeParameters(capabilities.map(encodeCapability))
  const message = new Uint8Array(headerLength + 9 + parameters.length)
  if (message.length > maxMessageLength) throw new RangeError(`an OPEN of ${message.length} octets; at most 4096 fit (RFC 8654 §4)`)
  const at = writeHeader(message, 0, messageType.open, message.length)
  message[at] = version
  putU16(message, at + 1, myAs)
  putU16(message, at + 3, holdTimeSec)
  putU32(message, at + 5, routerId)
  message.set(parameters, at + 9)
  return message
}

/** From the optional parameters length on. */
function encodeParameters(capabilities: readonly Uint8Array[]): Uint8Array {
  const octets = capabilities.reduce((sum, { length }) => sum + length, 0)
  if (octets === 0) return Uint8Array.of(0)
  const plain = octets + 2 <= 255
  const head = plain
    ? [octets + 2, capabilitiesParameter, octets]
    : [255, extendedMark, (octets + 3) >>> 8, octets + 3, capabilitiesParameter, octets >>> 8, octets]
  const bytes = new Uint8Array(head.length + octets)
  bytes.set(head)
  let at = head.length
  for (const capability of capabilities) {
    bytes.set(capability, at)
    at += capability.length
  }
  return bytes
}
