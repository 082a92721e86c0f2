/** For tests only: netlink messages as the kernel would send them. */
import { messagesIn, putAttribute, putHeader, putU16, putU32 } from './netlink/netlink-message.ts'

export type TestAttribute = [type: number, payload: Uint8Array]

/** ifinfomsg of link 7. */
export function linkMessage(type: number, family: number, flags: number, ...attributes: TestAttribute[]): Uint8Array {
  return typedLinkMessage(type, 1, family, flags, ...attributes)
}

/** @param arpType ARPHRD_* */
export function typedLinkMessage(type: number, arpType: number, family: number, flags: number, ...attributes: TestAttribute[]): Uint8Array {
  const body = new Uint8Array(16)
  body[0] = family
  putU16(body, 2, arpType)
  putU32(body, 4, 7)
  putU32(body, 8, flags)
  return testMessage(type, body, attributes)
}

/** ifaddrmsg of link 7. */
export function addressMessage(type: number, family: number, length: number, ...attributes: TestAttribute[]): Uint8Array {
  const body = new Uint8Array(8)
  body[0] = family
  body[1] = length
  putU32(body, 4, 7)
  return testMessage(type, body, attributes)
}

export function testMessage(type: number, body: Uint8Array, attributes: readonly TestAttribute[]): Uint8Array {
  const bytes = new Uint8Array(512)
  bytes.set(body, 16)
  let end = 16 + body.length
  for (const [attribute, payload] of attributes) end = putAttribute(bytes, end, attribute, payload)
  putHeader(bytes, 0, end, type, 0, 1)
  return bytes.slice(0, end)
}

/** What a reader makes of the one message in `bytes`. */
export function readFirst<T>(reader: (bytes: Uint8Array, message: never) => T, bytes: Uint8Array): T | undefined {
  const [first] = messagesIn(bytes)
  return first && reader(bytes, first as never)
}
