import t from 'tap'
import { type Caller, type Rules, refusalOf } from './admission.ts'
import type { ProblemDetails } from './answer.ts'
import { makeToken } from './token.ts'

const token = makeToken('t0ken')
if (token === undefined) throw new Error('"t0ken" is a token')

const caller: Caller = { path: '/v1/status', certified: false, host: '127.0.0.1:9099', origin: undefined, authorization: undefined }
const open: Rules = { secure: false, certificates: false }
const secure: Rules = { secure: true, certificates: false, token }
const withToken = { authorization: 'Bearer t0ken' }

const bearer = { 'www-authenticate': 'Bearer realm="tortie"' }
const invalid = { 'www-authenticate': 'Bearer realm="tortie", error="invalid_token"' }

const refused: [title: string, rules: Rules, who: Partial<Caller>, status: number, detail: string, headers?: object][] = [
  ['no token', { ...open, token }, {}, 401, 'this address needs the token ("Authorization: Bearer …")', bearer],
  [
    'a wrong token',
    { ...open, token },
    { authorization: 'Bearer x' },
    401,
    'this address needs the token ("Authorization: Bearer …")',
    invalid,
  ],
  ['no certificate', { secure: true, certificates: true }, withToken, 401, 'this address needs a client certificate', invalid],
  [
    'neither',
    { ...secure, certificates: true },
    {},
    401,
    'this address needs the token ("Authorization: Bearer …") or a client certificate',
    bearer,
  ],
  [
    'a path below /healthz',
    { ...open, token },
    { path: '/healthz/../v1/status' },
    401,
    'this address needs the token ("Authorization: Bearer …")',
    bearer,
  ],
  ['a page of another site', open, { origin: 'https://evil.example' }, 403, 'a page of https://evil.example may not use this API'],
  ['a page of another port', open, { origin: 'http://127.0.0.1:8080' }, 403, 'a page of http://127.0.0.1:8080 may not use this API'],
  ['a sandboxed page', open, { origin: 'null' }, 403, 'a page of null may not use this API'],
  [
    'a page of another site, with the token',
    secure,
    { ...withToken, origin: 'http://127.0.0.1:9099' },
    403,
    'a page of http://127.0.0.1:9099 may not use this API',
  ],
]
for (const name of [
  'evil.example',
  'evil.example:9099',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '10.0.0.1',
  '[::2]',
  'x y',
  '',
])
  refused.push([
    `the host "${name}" on loopback`,
    open,
    { host: name, origin: `http://${name}` },
    421,
    `"${name}" is no name of this machine's loopback: ask for localhost or 127.0.0.1`,
  ])
for (const [title, rules, who, status, detail, headers = {}] of refused)
  t.test(`refused: ${title}`, async (t) => {
    const refusal = refusalOf({ ...caller, ...who }, rules)
    const { title: _title, type: _type, ...body } = (refusal?.answer.body ?? {}) as Partial<ProblemDetails>
    t.strictSame(
      { ...refusal, answer: { status: refusal?.answer.status, body } },
      { answer: { status, body: { status, detail } }, headers },
    )
  })

const admitted: [title: string, rules: Rules, who: Partial<Caller>][] = [
  ['everybody on loopback without a token', open, {}],
  ['HTTP/1.0 without a host', open, { host: undefined }],
  ['the token', { ...open, token }, withToken],
  ['a certificate where a token would do', { ...secure, certificates: true }, { certified: true }],
  ['the token where a certificate would do', { ...secure, certificates: true }, withToken],
  ['a certificate', { secure: true, certificates: true }, { certified: true }],
  ['/healthz for probes', secure, { path: '/healthz' }],
  ['our own page', open, { origin: 'http://127.0.0.1:9099' }],
  ['our own page over TLS, by any name of ours', secure, { ...withToken, host: 'node-a:9099', origin: 'https://node-a:9099' }],
]
for (const host of ['localhost', 'localhost:9099', 'node.localhost', 'LOCALHOST', '127.9.9.9:1', '127.1', '[::1]:9099', '[0:0::1]'])
  admitted.push([`the host ${host}`, open, { host }])
for (const [title, rules, who] of admitted)
  t.test(`admitted: ${title}`, async (t) => t.equal(refusalOf({ ...caller, ...who }, rules), undefined))
