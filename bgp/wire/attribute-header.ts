import { attributeFlag } from './attribute-type.ts'
import { BgpError } from './bgp-error.ts'
import { errorCode } from './error-code.ts'
import { headerLength, maxMessageLength } from './message.ts'
import { copyOctets, u16At } from './octets.ts'

/* Header of a path attribute (RFC 4271 §4.3):  flags u8 | type u8 | length u8, or u16 if the Extended Length flag is set */

/** Where the value of the attribute at `at` begins; its header need not be complete. */
export function attributeValueStart(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) & attributeFlag.extendedLength) === 0 ? at + 3 : at + 4
}

/** Where the attribute at `at` (below `end`) ends; -1 if its header or its value overruns `end` (RFC 7606 §4). */
export function attributeEnd(bytes: Uint8Array, at: number, end: number): number {
  const valueStart = attributeValueStart(bytes, at)
  if (valueStart > end) return -1
  const length = valueStart - at === 3 ? (bytes[at + 2] as number) : u16At(bytes, at + 2)
  return valueStart + length > end ? -1 : valueStart + length
}

/** What fits beside header, code and subcode in a NOTIFICATION of 4096 octets. */
const maxErrorData = maxMessageLength - headerLength - 2

/** An UPDATE Message Error whose data is the erroneous attribute, `bytes[at, attributeEnd)` (RFC 4271 §6.3). */
export function attributeError(subcode: number, message: string, bytes: Uint8Array, at: number, end: number): BgpError {
  return new BgpError(errorCode.update, subcode, message, copyOctets(bytes, at, Math.min(end, at + maxErrorData)))
}
