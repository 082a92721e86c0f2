import { BgpError } from '../wire/bgp-error.ts'
import { ceaseReason, errorCode } from '../wire/error-code.ts'

/** Why we end a session that is not broken (RFC 4486 §3). */
export function cease(reason: keyof typeof ceaseReason): BgpError {
  return new BgpError(errorCode.cease, ceaseReason[reason], `Cease: ${reason.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
}
