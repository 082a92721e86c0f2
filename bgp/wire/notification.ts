/** NOTIFICATION (RFC 4271 §4.5). */
import { ceaseReason, errorCode } from './error-code.ts'
import { writeHeader } from './header.ts'
import { headerLength, maxMessageLength, messageType, type Notification } from './message.ts'
import { copyOctets } from './octets.ts'
import { printable } from './printable.ts'

/* Body:  code u8 | subcode u8 | data, to the end */

/**
 * Reads the body `bytes[start, end)`. Never an error: a NOTIFICATION is never answered (RFC 4271 §6.4), and one too short closes the
 * session too; what it lacks reads as 0.
 */
export function decodeNotification(bytes: Uint8Array, start: number, end: number): Notification {
  return {
    type: 'notification',
    code: start < end ? (bytes[start] as number) : 0,
    subcode: start + 1 < end ? (bytes[start + 1] as number) : 0,
    data: copyOctets(bytes, Math.min(start + 2, end), end),
  }
}

/** The whole message; data is cut where it would not fit 4096 octets. */
export function encodeNotification(code: number, subcode: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const kept = data.subarray(0, maxMessageLength - headerLength - 2)
  const message = new Uint8Array(headerLength + 2 + kept.length)
  const at = writeHeader(message, 0, messageType.notification, message.length)
  message[at] = code
  message[at + 1] = subcode
  message.set(kept, at + 2)
  return message
}

/** The names the RFCs give: "Hold Timer Expired", "Cease/Administrative Shutdown"; numbers where they give none. */
export function notificationName(code: number, subcode: number): string {
  const name = names[code]
  if (name === undefined) return `Error ${code}/${subcode}`
  const subname = name.subcodes[subcode]
  if (subname !== undefined) return `${name.code}/${subname}`
  return subcode === 0 ? name.code : `${name.code}/${subcode}`
}

const names: Readonly<Record<number, { readonly code: string; readonly subcodes: Readonly<Record<number, string>> }>> = {
  1: {
    code: 'Message Header Error',
    subcodes: { 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' },
  },
  2: {
    code: 'OPEN Message Error',
    subcodes: {
      1: 'Unsupported Version Number',
      2: 'Bad Peer AS',
      3: 'Bad BGP Identifier',
      4: 'Unsupported Optional Parameter',
      5: 'Authentication Failure', // deprecated by RFC 4271
      6: 'Unacceptable Hold Time',
      7: 'Unsupported Capability', // RFC 5492
      11: 'Role Mismatch', // RFC 9234
    },
  },
  3: {
    code: 'UPDATE Message Error',
    subcodes: {
      1: 'Malformed Attribute List',
      2: 'Unrecognized Well-known Attribute',
      3: 'Missing Well-known Attribute',
      4: 'Attribute Flags Error',
      5: 'Attribute Length Error',
      6: 'Invalid ORIGIN Attribute',
      7: 'AS Routing Loop', // deprecated by RFC 4271
      8: 'Invalid NEXT_HOP Attribute',
      9: 'Optional Attribute Error',
      10: 'Invalid Network Field',
      11: 'Malformed AS_PATH',
    },
  },
  4: { code: 'Hold Timer Expired', subcodes: {} },
  // RFC 6608 §3
  5: {
    code: 'Finite State Machine Error',
    subcodes: {
      1: 'Receive Unexpected Message in OpenSent State',
      2: 'Receive Unexpected Message in OpenConfirm State',
      3: 'Receive Unexpected Message in Established State',
    },
  },
  6: {
    code: 'Cease',
    subcodes: {
      // RFC 4486 §3
      1: 'Maximum Number of Prefixes Reached',
      2: 'Administrative Shutdown',
      3: 'Peer De-configured',
      4: 'Administrative Reset',
      5: 'Connection Rejected',
      6: 'Other Configuration Change',
      7: 'Connection Collision Resolution',
      8: 'Out of Resources',
      9: 'Hard Reset', // RFC 8538
      10: 'BFD Down', // RFC 9384
    },
  },
  7: { code: 'ROUTE-REFRESH Message Error', subcodes: { 1: 'Invalid Message Length' } }, // RFC 7313
  8: { code: 'Send Hold Timer Expired', subcodes: {} }, // RFC 9687
}

/**
 * The operator's words in an Administrative Shutdown or Reset (RFC 9003 §2:  length u8 | UTF-8 text), made safe to print: control
 * characters become spaces, what is no UTF-8 becomes U+FFFD.
 * @returns undefined if there are none, or fewer octets than announced
 */
export function shutdownCommunication({ code, subcode, data }: Notification): string | undefined {
  if (code !== errorCode.cease || (subcode !== ceaseReason.administrativeShutdown && subcode !== ceaseReason.administrativeReset))
    return undefined
  const length = data[0] ?? 0
  if (length === 0 || length + 1 > data.length) return undefined
  return printable(data.subarray(1, length + 1))
}

/** RFC 8538 §3: what a Hard Reset stands for; data:  code u8 | subcode u8 | data. undefined: it is none, or does not say. */
export function insideHardReset({ code, subcode, data }: Notification): Notification | undefined {
  if (code !== errorCode.cease || subcode !== ceaseReason.hardReset || data.length < 2) return undefined
  return decodeNotification(data, 0, data.length)
}

/** The data of such a NOTIFICATION; what is over 255 octets of UTF-8 is cut between characters. */
export function encodeShutdownCommunication(text: string): Uint8Array {
  const data = new Uint8Array(256)
  const { written } = new TextEncoder().encodeInto(text, data.subarray(1))
  data[0] = written
  return data.slice(0, written + 1)
}
