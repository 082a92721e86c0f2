/** TLS as clients see it: versions, certificates of both sides, tokens, and all of them changed while it listens. */
import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { Access, TlsTexts } from './access-files.ts'
import { closeAll, listenAll } from './sockets.ts'
import { makeCertificate } from './test-certificates.ts'
import { makeToken } from './token.ts'

const authority = makeCertificate('authority')
const clients = makeCertificate('client authority')
const agent = makeCertificate('agent', { names: ['127.0.0.1'], issuer: authority })
const client = makeCertificate('client', { issuer: clients })
const stranger = makeCertificate('client', { issuer: makeCertificate('client authority') })
const expired = makeCertificate('client', { issuer: clients, days: -1 })
const tls: TlsTexts = { cert: agent.cert, key: agent.key }
const withClients = { ...tls, clientCa: clients.cert }

const tokenOf = (text: string) => {
  const token = makeToken(text)
  if (token === undefined) throw new Error(`"${text}" is no token`)
  return token
}

/** A server; `ask` gives the status of one request, or why there is none. */
async function start(t: Test, access: Access) {
  const open = await listenAll({ listen: '127.0.0.1:0', access }, (_request, response) => response.end('here'))
  t.teardown(() => closeAll(open))
  const port = Number(new URL(open[0]?.address ?? '').port)
  const dial = (options: ConnectionOptions = {}) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, ...options })
    t.teardown(() => socket.destroy())
    return socket
  }
  const ask = (options?: ConnectionOptions, header = '') => request(dial(options), header)
  const setAccess = (next: Access) => {
    for (const listening of open) listening.setAccess(next)
  }
  return { ask, dial, setAccess, address: open[0]?.address }
}

/** The status, or the code of what ended the connection. */
async function request(socket: TLSSocket, header: string, connection = 'close'): Promise<string> {
  const ended = Promise.withResolvers<string>()
  socket.on('error', (error) => ended.resolve('code' in error ? String(error.code) : error.message))
  socket.on('close', () => ended.resolve('closed'))
  const connected = once(socket, 'secureConnect').then(() => exchange(socket, header, connection))
  return await Promise.race([ended.promise, connected.catch(() => ended.promise)])
}

async function exchange(socket: TLSSocket, header: string, connection: string): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nHost: node-a\r\nConnection: ${connection}\r\n${header === '' ? '' : `${header}\r\n`}\r\n`)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString('latin1').split(' ')[1] ?? ''
}

const bearer = 'Authorization: Bearer t0ken'
const shown = ({ cert, key }: TlsTexts) => ({ cert, key })

t.test('the address says https, and the certificate is checked by clients', async (t) => {
  const { ask, address } = await start(t, { tls })
  t.match(address, /^https:\/\/127\.0\.0\.1:\d+$/)
  t.equal(await ask(), '200')
  t.equal(await ask({ ca: clients.cert }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
})

const versions: [title: string, options: ConnectionOptions, expected: string][] = [
  ['TLS 1.3', { minVersion: 'TLSv1.3' }, '200'],
  ['TLS 1.2 with forward secrecy', { maxVersion: 'TLSv1.2' }, '200'],
  ['TLS 1.2 with CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }, 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
  ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
]
for (const [title, options, expected] of versions)
  t.test(`RFC 9325: ${title}: ${expected}`, async (t) => t.equal(await (await start(t, { tls })).ask(options), expected))

const certificateRequired = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'
const proofs: [title: string, access: Access, options: ConnectionOptions, header: string, expected: string][] = [
  ['a token: with it', { tls, token: tokenOf('t0ken') }, {}, bearer, '200'],
  ['a token: without it', { tls, token: tokenOf('t0ken') }, {}, '', '401'],
  ['certificates: one of ours', { tls: withClients }, shown(client), '', '200'],
  ['certificates: none', { tls: withClients }, {}, '', certificateRequired],
  ['certificates: of another authority of the same name', { tls: withClients }, shown(stranger), '', 'closed'],
  ['certificates: expired', { tls: withClients }, shown(expired), '', 'closed'],
  ['either: the certificate', { tls: withClients, token: tokenOf('t0ken') }, shown(client), '', '200'],
  ['either: the token', { tls: withClients, token: tokenOf('t0ken') }, {}, bearer, '200'],
  ['either: the token and a certificate of others', { tls: withClients, token: tokenOf('t0ken') }, shown(stranger), bearer, '200'],
  ['either: a certificate of others', { tls: withClients, token: tokenOf('t0ken') }, shown(stranger), '', '401'],
  ['either: an expired certificate', { tls: withClients, token: tokenOf('t0ken') }, shown(expired), '', '401'],
  ['either: nothing', { tls: withClients, token: tokenOf('t0ken') }, {}, '', '401'],
]
for (const [title, access, options, header, expected] of proofs)
  t.test(`what the address asks for is ${title}`, async (t) => t.equal(await (await start(t, access)).ask(options, header), expected))

t.test('new files hold for new connections, a new token at once; what is open stays', async (t) => {
  const { ask, dial, setAccess } = await start(t, { tls: withClients })
  const before = dial(shown(client))
  t.equal(await request(before, '', 'keep-alive'), '200')
  const [newAuthority, newClients] = [makeCertificate('authority'), makeCertificate('client authority')]
  const renewed = makeCertificate('agent', { names: ['127.0.0.1'], issuer: newAuthority })
  setAccess({ tls: { cert: renewed.cert, key: renewed.key, clientCa: newClients.cert } })
  t.equal(await exchange(before, '', 'keep-alive'), '200')
  t.equal(await ask(shown(client)), 'CERT_SIGNATURE_FAILURE')
  t.equal(await ask({ ...shown(client), ca: newAuthority.cert }), 'closed')
  const newClient = makeCertificate('client', { issuer: newClients })
  t.equal(await ask({ ...shown(newClient), ca: newAuthority.cert }), '200')
  setAccess({ tls: { cert: renewed.cert, key: renewed.key }, token: tokenOf('t0ken') })
  t.equal(await exchange(before, '', 'keep-alive'), '401')
  t.equal(await exchange(before, bearer, 'keep-alive'), '200')
})

t.test('no session is resumed: each connection shows its certificate to the authorities of today', async (t) => {
  const { dial } = await start(t, { tls: withClients })
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const sessions: Buffer[] = []
    const first = dial({ ...shown(client), maxVersion }).on('session', (session) => sessions.push(session))
    t.equal(await request(first, '', 'keep-alive'), '200')
    const [session = first.getSession()] = sessions
    const second = dial({ ...shown(client), maxVersion, session })
    t.equal(await request(second, ''), '200')
    t.equal(second.isSessionReused(), false, maxVersion)
  }
})
