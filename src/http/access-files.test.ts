import { generateKeyPairSync } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type AccessOptions, readAccess } from './access-files.ts'
import { makeCertificate } from './test-certificates.ts'
import { isBearer } from './token.ts'

const authority = makeCertificate('authority')
const own = makeCertificate('agent', { names: ['node-a'], issuer: authority })
const encrypted = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
}).privateKey
const weak = generateKeyPairSync('rsa', { modulusLength: 512 })

const files = {
  cert: own.cert,
  key: own.key,
  chain: own.cert + authority.cert,
  ca: authority.cert,
  other: makeCertificate('other').key,
  expired: makeCertificate('agent', { days: -1 }).cert,
  encrypted,
  weakKey: weak.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  damaged: own.cert.replace(/\n\w{20}/, '\nAAAA'),
  token: '\n t0ken \n',
  twoWords: 's3cret one',
  empty: '\n',
  noise: 's3cret',
}

/** Files that only their owner can read. */
function directoryOf(t: Test): string {
  const directory = t.testdir(files)
  for (const name of Object.keys(files)) chmodSync(join(directory, name), 0o600)
  return directory
}

async function read(directory: string, { tls, tokenFile }: AccessOptions) {
  const at = (name: string) => join(directory, name)
  const { certFile = '', keyFile = '', clientCaFile } = tls ?? {}
  const { mistakes, warnings, access } = await readAccess({
    ...(tls && { tls: { certFile: at(certFile), keyFile: at(keyFile), ...(clientCaFile && { clientCaFile: at(clientCaFile) }) } }),
    ...(tokenFile && { tokenFile: at(tokenFile) }),
  })
  const short = (lines: readonly string[]) => lines.map((line) => line.replaceAll(`${directory}/`, ''))
  return { access, mistakes: short(mistakes), warnings: short(warnings) }
}

t.test('nothing configured asks nothing', async (t) => {
  t.strictSame(await readAccess({}), { access: {}, mistakes: [], warnings: [] })
})

t.test('certificate, key, authorities and token', async (t) => {
  const directory = directoryOf(t)
  const { access, ...notes } = await read(directory, { tls: { certFile: 'chain', keyFile: 'key', clientCaFile: 'ca' }, tokenFile: 'token' })
  t.strictSame(notes, { mistakes: [], warnings: [] })
  t.strictSame(access.tls, { cert: files.chain, key: files.key, clientCa: files.ca })
  t.ok(access.token && isBearer('Bearer t0ken', access.token))
})

const mistaken: [title: string, options: AccessOptions, mistakes: string[]][] = [
  [
    'files that are not there, all at once',
    { tls: { certFile: 'a', keyFile: 'b', clientCaFile: 'c' }, tokenFile: 'd' },
    [
      'api.tls.certFile: a: there is no such file: name one that exists',
      'api.tls.keyFile: b: there is no such file: name one that exists',
      'api.tls.clientCaFile: c: there is no such file: name one that exists',
      'api.tokenFile: d: there is no such file: name one that exists',
    ],
  ],
  [
    'files of another kind',
    { tls: { certFile: 'key', keyFile: 'cert', clientCaFile: 'noise' } },
    [
      'api.tls.certFile: key: holds no certificate in PEM form',
      'api.tls.keyFile: cert: holds no private key in PEM form',
      'api.tls.clientCaFile: noise: holds no certificate in PEM form',
    ],
  ],
  [
    'a key of another certificate',
    { tls: { certFile: 'cert', keyFile: 'other' } },
    ['api.tls.keyFile: other: is not the key of the certificate in cert: name the two that belong together'],
  ],
  [
    'an encrypted key',
    { tls: { certFile: 'cert', keyFile: 'encrypted' } },
    ['api.tls.keyFile: encrypted: is encrypted: the agent needs it without passphrase'],
  ],
  [
    'a damaged certificate',
    { tls: { certFile: 'damaged', keyFile: 'key' } },
    ['api.tls.certFile: damaged: holds a certificate that cannot be read: is it damaged?'],
  ],
  ['an empty token', { tokenFile: 'empty' }, ['api.tokenFile: empty: must hold one word of visible ASCII characters']],
  [
    'a token of two words, which is not shown',
    { tokenFile: 'twoWords' },
    ['api.tokenFile: twoWords: must hold one word of visible ASCII characters'],
  ],
]
for (const [title, options, mistakes] of mistaken)
  t.test(`a mistake is a sentence that names the file: ${title}`, async (t) => {
    t.strictSame((await read(directoryOf(t), options)).mistakes, mistakes)
  })

t.test('what works and should not stay so is a warning', async (t) => {
  const directory = directoryOf(t)
  chmodSync(join(directory, 'token'), 0o644)
  chmodSync(join(directory, 'key'), 0o640)
  t.strictSame((await read(directory, { tls: { certFile: 'cert', keyFile: 'key' }, tokenFile: 'token' })).warnings, [
    'api.tokenFile: token: every user of this machine can read it: run "chmod o= token"',
  ])
})

t.test('noise in any file is a mistake, never a throw, and never shown', async (t) => {
  const directory = directoryOf(t)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('cert', 'key', 'ca'),
      fc.constantFrom('noise', 'damaged', 'twoWords', 'empty', 'weakKey'),
      async (place, file) => {
        const tls = { certFile: 'cert', keyFile: 'key', clientCaFile: 'ca', [`${place === 'ca' ? 'clientCa' : place}File`]: file }
        const { mistakes } = await read(directory, { tls })
        return mistakes.length > 0 && !mistakes.join().includes('s3cret')
      },
    ),
  )
})
