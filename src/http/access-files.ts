/** The files that guard the TCP address: certificate, key, client authorities, token. Read at start and again on SIGHUP. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { readTextFile } from '../os/text-file.ts'
import { makeToken, type Token } from './token.ts'

/** The options of `api` that name them. */
export type AccessOptions = {
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile?: string } | undefined
  readonly tokenFile?: string | undefined
}

/** PEM texts. @property clientCa clients are asked for a certificate of these authorities */
export type TlsTexts = { readonly cert: string; readonly key: string; readonly clientCa?: string }

/** What the TCP address asks of its clients; empty: nothing. */
export type Access = { readonly tls?: TlsTexts; readonly token?: Token }

/** Each mistake and warning is a sentence that begins with the option and the file. */
export type ReadAccess = { readonly access: Access; readonly mistakes: readonly string[]; readonly warnings: readonly string[] }

/** Never throws for what is in the files; with mistakes `access` is not to be used. */
export async function readAccess({ tls, tokenFile }: AccessOptions): Promise<ReadAccess> {
  const notes = { mistakes: [] as string[], warnings: [] as string[] }
  const texts = tls === undefined ? undefined : await readTls(tls, notes)
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile, notes)
  return { access: { ...(texts && { tls: texts }), ...(token && { token }) }, ...notes }
}

type Notes = { readonly mistakes: string[]; readonly warnings: string[] }

async function readTls(
  { certFile, keyFile, clientCaFile }: NonNullable<AccessOptions['tls']>,
  notes: Notes,
): Promise<TlsTexts | undefined> {
  const cert = await readParsed('api.tls.certFile', certFile, readCertificates, notes)
  const key = await readParsed('api.tls.keyFile', keyFile, readKey, notes)
  const clientCa = clientCaFile === undefined ? undefined : await readParsed('api.tls.clientCaFile', clientCaFile, readCertificates, notes)
  await warnIfReadable('api.tls.keyFile', keyFile, notes)
  const [own] = cert?.value ?? []
  if (cert === undefined || own === undefined || key === undefined) return undefined
  if (!own.checkPrivateKey(key.value)) {
    notes.mistakes.push(`api.tls.keyFile: ${keyFile}: is not the key of the certificate in ${certFile}: name the two that belong together`)
    return undefined
  }
  if (own.validToDate.getTime() < Date.now())
    notes.warnings.push(`api.tls.certFile: ${certFile}: expired on ${own.validToDate.toISOString()}: clients will refuse it`)
  const texts = { cert: cert.text, key: key.text, ...(clientCa && { clientCa: clientCa.text }) }
  return usable(texts, certFile, notes) ? texts : undefined
}

/** OpenSSL has demands of its own: keys that are too short, chains in disorder. */
function usable({ cert, key, clientCa }: TlsTexts, certFile: string, notes: Notes): boolean {
  try {
    createSecureContext({ cert, key, ca: clientCa })
    return true
  } catch (error) {
    notes.mistakes.push(`api.tls.certFile: ${certFile}: TLS refuses it: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

async function readToken(file: string, notes: Notes): Promise<Token | undefined> {
  const token = await readParsed(
    'api.tokenFile',
    file,
    (text) => makeToken(text.trim()) ?? 'must hold one word of visible ASCII characters',
    notes,
  )
  await warnIfReadable('api.tokenFile', file, notes)
  return token?.value
}

type Parsed<Value> = { readonly text: string; readonly value: Value }

/** @param parse gives a text to say what is wrong: never what is in the file */
async function readParsed<Value extends object>(
  option: string,
  file: string,
  parse: (text: string) => Value | string,
  notes: Notes,
): Promise<Parsed<Value> | undefined> {
  const { text = '', problem } = await readTextFile(file)
  const value = problem ?? parse(text)
  if (typeof value !== 'string') return { text, value }
  notes.mistakes.push(`${option}: ${file}: ${value}`)
  return undefined
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

function readCertificates(text: string): readonly X509Certificate[] | string {
  const blocks = text.match(pemCertificate) ?? []
  try {
    return blocks.length > 0 ? blocks.map((block) => new X509Certificate(block)) : 'holds no certificate in PEM form'
  } catch {
    return 'holds a certificate that cannot be read: is it damaged?'
  }
}

function readKey(text: string): KeyObject | string {
  if (/ENCRYPTED/.test(text)) return 'is encrypted: the agent needs it without passphrase'
  try {
    return createPrivateKey(text)
  } catch {
    return 'holds no private key in PEM form'
  }
}

/** The agent works with it, so that a mounted secret of mode 0644 does not keep the node down. */
async function warnIfReadable(option: string, file: string, { warnings }: Notes): Promise<void> {
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  )
  if ((mode & 0o007) !== 0) warnings.push(`${option}: ${file}: every user of this machine can read it: run "chmod o= ${file}"`)
}
