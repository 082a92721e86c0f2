import { ceaseReason, errorCode } from '../wire/error-code.ts'
import type { Notification } from '../wire/message.ts'
import { insideHardReset, notificationName, shutdownCommunication } from '../wire/notification.ts'

/** Why a connection ended, as `PeerStatus.lastError` shows it. */
export type Failure = {
  /** "Hold Timer Expired (4/0), sent" */
  readonly name: string
  readonly code?: number
  readonly subcode?: number
  readonly direction: 'sent' | 'received' | 'local'
  readonly message?: string
}

/** @param message what we know beyond the code: the offending value, the peer's shutdown text */
export function notificationFailure(code: number, subcode: number, direction: 'sent' | 'received', message?: string): Failure {
  const name = `${notificationName(code, subcode)} (${code}/${subcode}), ${direction}`
  return { name, code, subcode, direction, ...(message === undefined ? {} : { message }) }
}

export function receivedFailure(notification: Notification): Failure {
  const { code, subcode, data } = notification
  return notificationFailure(code, subcode, 'received', reasonInside(notification) ?? shutdownCommunication(notification) ?? hex(data))
}

/** RFC 8538 §3: "Cease/Administrative Shutdown (6/2): the operator's words" of a Hard Reset. */
function reasonInside(notification: Notification): string | undefined {
  const inside = insideHardReset(notification)
  if (inside === undefined) return undefined
  const name = `${notificationName(inside.code, inside.subcode)} (${inside.code}/${inside.subcode})`
  const words = shutdownCommunication(inside) ?? hex(inside.data)
  return words === undefined ? name : `${name}: ${words}`
}

/** TCP failed or ended; `error` is undefined when the peer closed it in good order. */
export function tcpFailure(error: Error | undefined): Failure {
  if (error === undefined) return { name: 'TCP connection closed by the peer', direction: 'local' }
  return { name: 'TCP connection failed', direction: 'local', message: error.message }
}

/** A peer with another key (RFC 2385) is silence, and nothing else tells of it. */
export const keyHint = 'the TCP MD5 key may differ on the other side'

/** Of a session with a key: silence is what another key looks like. */
export function withKeyHint(failure: Failure): Failure {
  const { code, direction, message } = failure
  const isSilence =
    (code === errorCode.holdTimer && direction === 'sent') || (code === undefined && message?.includes('ETIMEDOUT') === true)
  if (!isSilence) return failure
  return { ...failure, message: message === undefined ? keyHint : `${message}; ${keyHint}` }
}

/** RFC 4271 §8.2.2 tells "NOTIFICATION with a version error" from all others. */
export function isVersionError({ code, subcode }: Notification): boolean {
  return code === errorCode.open && subcode === 1
}

/** RFC 8538 §4: the only one that ends a session for good where both sides set the N bit. */
export function isHardReset({ code, subcode }: Notification): boolean {
  return code === errorCode.cease && subcode === ceaseReason.hardReset
}

function hex(data: Uint8Array): string | undefined {
  return data.length === 0 ? undefined : `data ${Buffer.from(data.subarray(0, 64)).toString('hex')}`
}
