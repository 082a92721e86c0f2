/** The bearer token of TCP clients (RFC 6750). Only its digest is kept: it cannot be logged, and comparing takes the same time for every guess. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** SHA-256 of the token. */
export type Token = Buffer & { readonly brand: 'Token' }

/** @returns undefined unless it is one word of visible ASCII, which a header can carry */
export function makeToken(text: string): Token | undefined {
  return /^[\x21-\x7e]+$/.test(text) ? digest(text) : undefined
}

/** @param header the Authorization header as it came */
export function isBearer(header: string | undefined, token: Token): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
  return given !== undefined && timingSafeEqual(digest(given), token)
}

function digest(text: string): Token {
  return createHash('sha256').update(text).digest() as Token
}
