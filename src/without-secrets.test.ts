import fc from 'fast-check'
import t from 'tap'
import { withoutSecrets } from './without-secrets.ts'

t.test('passwords, tokens and keys are hidden wherever they stand; their files and everything else are shown', async (t) => {
  const config = {
    bgp: { asNumber: 64512, peers: [{ name: 'tor1', password: 's3cret', passwordFile: '/etc/tortie/tor1' }, { name: 'tor2' }] },
    api: { tokenFile: '/etc/tortie/token', tls: { keyFile: '/etc/tortie/key.pem' }, token: 's3cret' },
    datastore: {
      endpoints: ['https://root:s3cret@10.0.0.1:2379', 'http://10.0.0.2:2379'],
      Credentials: { user: 'root', password: 's3cret' },
    },
    none: [null, true, 1.5],
  }
  t.strictSame(withoutSecrets(config), {
    bgp: { asNumber: 64512, peers: [{ name: 'tor1', password: '(hidden)', passwordFile: '/etc/tortie/tor1' }, { name: 'tor2' }] },
    api: { tokenFile: '/etc/tortie/token', tls: { keyFile: '/etc/tortie/key.pem' }, token: '(hidden)' },
    datastore: { endpoints: ['https://(hidden)@10.0.0.1:2379', 'http://10.0.0.2:2379'], Credentials: '(hidden)' },
    none: [null, true, 1.5],
  })
})

t.test('whatever surrounds it, a password is not shown', async () => {
  const word = 'x9-s3cret'
  const secret = fc.record({ password: fc.constant(word) })
  const around = fc.letrec((tie) => ({
    node: fc.oneof(secret, fc.array(tie('node')), fc.record({ a: tie('node'), b: fc.jsonValue() })),
  })).node
  fc.assert(fc.property(around, (value) => !JSON.stringify(withoutSecrets(value)).includes(word)))
})

const pem = '-----BEGIN EC PRIVATE KEY-----\ns3cret\n-----END EC PRIVATE KEY-----'
const texts: [text: string, shown: string][] = [
  ['connect to https://root:s3cret@10.0.0.1 failed', 'connect to https://(hidden)@10.0.0.1 failed'],
  ['Authorization: Bearer s3cret.s3cret', 'Authorization: Bearer (hidden)'],
  ['Authorization: basic czNjcmV0Og==', 'Authorization: basic (hidden)'],
  [`before ${pem} after`, 'before -----BEGIN EC PRIVATE KEY-----(hidden) after'],
  ['-----BEGIN PRIVATE KEY-----\ns3cret', '-----BEGIN PRIVATE KEY-----(hidden)'],
  ['send "Authorization: Bearer …" to user@host', 'send "Authorization: Bearer …" to user@host'],
]
for (const [text, shown] of texts) t.test(`what looks like a secret in a text: ${shown}`, async (t) => t.equal(withoutSecrets(text), shown))

t.test('headers by their names; objects of classes are not looked into', async (t) => {
  const [error, date] = [new Error('x'), new Date(0)]
  const headers = { Authorization: 'Bearer s3cret', cookie: 's3cret', host: 'node-a' }
  t.strictSame(withoutSecrets({ headers, error, date }), {
    headers: { Authorization: '(hidden)', cookie: '(hidden)', host: 'node-a' },
    error,
    date,
  })
})
