/** A peer's mistake that ends the session: the NOTIFICATION to send (RFC 4271 §6). Thrown by readers, caught once by the message decoder, returned as a value. */
export class BgpError extends Error {
  readonly code: number
  readonly subcode: number
  readonly data: Uint8Array
  constructor(code: number, subcode: number, message: string, data: Uint8Array = new Uint8Array(0)) {
    super(message)
    this.name = 'BgpError'
    this.code = code
    this.subcode = subcode
    this.data = data
  }
}
