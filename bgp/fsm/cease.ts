import { BgpError } from '../wire/bgp-error.ts'
import { ceaseReason, errorCode } from '../wire/error-code.ts'

type Notice = { readonly code: number; readonly subcode: number; readonly data?: Uint8Array }

/** Why we end a session that is not broken (RFC 4486 §3, RFC 9384 §3). */
export function cease(reason: keyof typeof ceaseReason, data?: Uint8Array): BgpError {
  const words = reason.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return new BgpError(errorCode.cease, ceaseReason[reason], `Cease: ${words}`, data)
}

/**
 * The table of RFC 8538 §5.1, where it leaves no choice, and BFD Down: the path to the peer is broken, so its routes lead nowhere.
 * Administrative Reset, which it leaves open, is graceful: whoever resets a session wants it back.
 */
const forGood: ReadonlySet<number> = new Set([
  ceaseReason.maxPrefixes,
  ceaseReason.administrativeShutdown,
  ceaseReason.peerDeconfigured,
  ceaseReason.hardReset,
  ceaseReason.bfdDown,
])

/** Whether the routes of both sides go with the session, also where a NOTIFICATION is otherwise taken for a restart (RFC 8538 §5.1). */
export function isForGood({ code, subcode }: Notice): boolean {
  return code === errorCode.cease && forGood.has(subcode)
}

/** RFC 8538 §3: Cease/Hard Reset; data:  code u8 | subcode u8 | data, of what it stands for */
export function hardReset({ code, subcode, data = new Uint8Array(0) }: Notice): Required<Notice> {
  if (code === errorCode.cease && subcode === ceaseReason.hardReset) return { code, subcode, data }
  return { code: errorCode.cease, subcode: ceaseReason.hardReset, data: Uint8Array.of(code, subcode, ...data) }
}
