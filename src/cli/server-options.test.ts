import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Certificate, makeCertificate } from '../http/test-certificates.ts'
import { runTortie } from './cli-fixture.ts'
import { call } from './client.ts'
import { serverOf } from './server-options.ts'

const authority = makeCertificate('authority')
const agent = makeCertificate('agent', { names: ['127.0.0.1'], issuer: authority })
const client = makeCertificate('client', { issuer: authority })
const get = { method: 'GET', path: '/' } as const

/** An agent that says who asked. */
async function listen(t: Test, shown: Certificate, clientCa?: string): Promise<string> {
  const options = { cert: shown.cert, key: shown.key, ...(clientCa !== undefined && { ca: clientCa, requestCert: true }) }
  const server = createServer(options, ({ headers }, response) => response.end(JSON.stringify(headers.authorization ?? null)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('https: the agent is checked against --ca-file, the token goes with every request', async (t) => {
  const server = await listen(t, agent)
  const directory = t.testdir({ ca: authority.cert, token: ' t0ken\n' })
  const [caFile, tokenFile] = [join(directory, 'ca'), join(directory, 'token')]
  const env = { TORTIE_TOKEN: 'other' }
  t.strictSame(await call(serverOf({ server, caFile }, env), get), { status: 200, body: 'Bearer other' })
  t.strictSame(await call(serverOf({ server, caFile, tokenFile }, env), get), { status: 200, body: 'Bearer t0ken' })
})

t.test('https: what cannot be trusted is refused with a hint', async (t) => {
  const server = await listen(t, agent)
  await t.rejects(call(serverOf({ server }, {}), get), {
    exitCode: 1,
    message: `the certificate of ${server} is not trusted: unable to verify the first certificate: name its authority with --ca-file`,
  })
  const misnamed = await listen(t, makeCertificate('agent', { names: ['node-b'], issuer: authority }))
  const caFile = join(t.testdir({ ca: authority.cert }), 'ca')
  await t.rejects(call(serverOf({ server: misnamed, caFile }, {}), get), {
    message: /is not trusted: .*IP: 127\.0\.0\.1 is not in the cert's list/,
  })
})

t.test('https: the agent that wants a client certificate gets it from --cert-file and --key-file', async (t) => {
  const server = await listen(t, agent, authority.cert)
  const directory = t.testdir({ ca: authority.cert, cert: client.cert, key: client.key })
  const caFile = join(directory, 'ca')
  const own = { certFile: join(directory, 'cert'), keyFile: join(directory, 'key') }
  t.strictSame(await call(serverOf({ server, caFile, ...own }, {}), get), { status: 200, body: null })
  await t.rejects(call(serverOf({ server, caFile }, {}), get), { exitCode: 1, message: /it may want --cert-file and --key-file/ })
  await t.rejects(call(serverOf({ server, caFile, certFile: own.certFile, keyFile: own.certFile }, {}), get), {
    exitCode: 2,
    message: /^--ca-file, --cert-file or --key-file cannot be used: /,
  })
})

t.test('a token never crosses a network readable, and does not go to the socket', async (t) => {
  const env = { TORTIE_TOKEN: 't0ken' }
  const message = 'a token is not sent to http://10.0.0.1:9099, where everybody on the way could read it: use https'
  t.throws(() => serverOf({ server: 'http://10.0.0.1:9099' }, env), { exitCode: 2, message })
  for (const server of ['http://localhost:9099', 'http://127.0.0.1:9099', 'http://[::1]:9099', 'https://10.0.0.1'])
    t.strictSame(serverOf({ server }, env).headers, { authorization: 'Bearer t0ken' }, server)
  t.strictSame(serverOf({ server: 'unix:/run/x.sock' }, env).headers, {})
})

t.test('mistakes are told before anything is sent, without the secret', async (t) => {
  const table: [line: string, env: Record<string, string>, err: string][] = [
    ['status --token-file /nowhere', {}, 'tortie: --token-file /nowhere cannot be read (ENOENT): name a file that you may read\n'],
    ['status --cert-file /nowhere', {}, 'tortie: --cert-file and --key-file belong together: give both\n'],
    ['status', { TORTIE_CA_FILE: '/nowhere' }, 'tortie: --ca-file /nowhere cannot be read (ENOENT): name a file that you may read\n'],
    [
      'status --server http://127.0.0.1:1',
      { TORTIE_TOKEN: 'two\nlines' },
      'tortie: the token holds characters that no header can carry: is it the right file?\n',
    ],
    [
      'status --server https://me:secret@host',
      {},
      'tortie: --server https://…@host is not understood: use unix:PATH, https://HOST:PORT or http://HOST:PORT\n',
    ],
  ]
  for (const [line, env, err] of table) t.strictSame(await runTortie(line.split(' '), { env }), { code: 2, out: '', err }, line)
})
