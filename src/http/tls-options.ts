import { constants } from 'node:crypto'
import type { TlsOptions } from 'node:tls'
import type { TlsTexts } from './access-files.ts'
import type { Token } from './token.ts'

/** Forward secrecy and authenticated encryption only (RFC 9325 §4.2); those of TLS 1.3 are all of this kind. */
const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')

/**
 * Without tickets no session is resumed: each connection shows its certificate again, to the authorities of today. Where a token does as
 * well, a client without certificate is let through the handshake and asked for the token.
 */
export function tlsOptions({ cert, key, clientCa }: TlsTexts, token: Token | undefined): TlsOptions {
  return {
    cert,
    key,
    ciphers,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: token === undefined }),
  }
}
