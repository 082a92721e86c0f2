/** For tests: certificates (RFC 5280) signed with ECDSA P-256 by an authority that the test makes itself. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { addressBytes } from '../net/address.ts'

/** PEM texts. */
export type Certificate = { readonly name: string; readonly cert: string; readonly key: string }

/** @property names DNS names and IP addresses of the subject  @property days of validity from now; negative: expired  @property issuer absent: an authority, signed by itself */
export type CertificateOptions = { readonly names?: readonly string[]; readonly days?: number; readonly issuer?: Certificate }

const dayMs = 86_400_000
const ecdsaWithSha256 = tlv(0x30, Buffer.from('06082a8648ce3d040302', 'hex'))

export function makeCertificate(name: string, { names = [], days = 1, issuer }: CertificateOptions = {}): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key)
  const ends = new Date(Date.now() + days * dayMs)
  const begins = new Date(Math.min(Date.now(), ends.getTime()) - dayMs)
  const body = tlv(
    0x30,
    tlv(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuer?.name ?? name),
    tlv(0x30, time(begins), time(ends)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, tlv(0x30, ...(issuer === undefined ? [basicConstraints()] : []), ...(names.length > 0 ? [alternativeNames(names)] : []))),
  )
  const signature = tlv(0x03, Buffer.of(0), sign('sha256', body, signer))
  const der = tlv(0x30, body, ecdsaWithSha256, signature)
  return { name, key, cert: `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n` }
}

/** Tag, length, value of DER (X.690). */
function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes)
}

/** GeneralizedTime */
function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}

/** CN=name */
function distinguishedName(name: string): Buffer {
  return tlv(0x30, tlv(0x31, tlv(0x30, Buffer.from('0603550403', 'hex'), tlv(0x0c, Buffer.from(name)))))
}

/** Critical, cA TRUE (§4.2.1.9). */
function basicConstraints(): Buffer {
  return tlv(0x30, Buffer.from('0603551d130101ff', 'hex'), tlv(0x04, tlv(0x30, Buffer.from('0101ff', 'hex'))))
}

/** §4.2.1.6: dNSName [2], iPAddress [7]. */
function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) => (isIP(name) === 0 ? tlv(0x82, Buffer.from(name)) : tlv(0x87, octetsOf(name))))
  return tlv(0x30, Buffer.from('0603551d11', 'hex'), tlv(0x04, tlv(0x30, ...entries)))
}

function octetsOf(address: string): Buffer {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`"${address}" is no address`)
  return Buffer.from(bytes)
}
