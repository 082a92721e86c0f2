import t, { type Test } from 'tap'
import { startFixture, status } from '../http/api-fixture.ts'
import { tortieAt } from './cli-fixture.ts'

t.test('status of a node that has problems: each in its row', async (t) => {
  const problems = [
    { severity: 'error', subject: 'bgp', message: 'port 179 is taken by bird (pid 7)' },
    { severity: 'warning', subject: 'endpoint shop/one', message: 'tortone does not exist yet' },
  ] as const
  const iptables = { backend: 'legacy', reason: 'rules of others: 0 in nft, 9 in legacy' } as const
  const repairs = { total: 3, last: [{ object: 'IP set tort4s:a', times: 3, lastAt: '2026-11-21T12:00:00.000Z' }] }
  const { tortie } = await start(t, {
    status: () => ({ ...status, inSync: false, revision: 9, programmedRevision: 7, problems, repairs, iptables }),
  })
  t.equal(
    (await tortie('status')).out,
    `Node:     node-a, Tortie 0.1.0, up 12 s
Kernel:   not in sync, revision 7 of 9 programmed
BGP:      AS 64512, router id 10.99.0.1, 1 of 1 peers Established
Routes:   4 wanted, 3 programmed
Policy:   7 chains, 2 ipSets
iptables: legacy: rules of others: 0 in nft, 9 in legacy
Repaired: 3, last IP set tort4s:a at 2026-11-21T12:00:00.000Z
Problems: 2

SEVERITY  SUBJECT            MESSAGE
error     bgp                port 179 is taken by bird (pid 7)
warning   endpoint shop/one  tortone does not exist yet
`,
  )
})

t.test('status of a node that touches no kernel: no counts, no problems', async (t) => {
  const { tortie } = await start(t, { status: () => ({ ...status, routes: {}, policy: {}, problems: [] }) })
  const { out } = await tortie('status')
  t.match(out, /^Routes: {3}-\nPolicy: {3}-\nProblems: none\n$/m)
})

t.test('-o json and -o yaml are what the API says', async (t) => {
  const { tortie } = await start(t)
  t.strictSame(JSON.parse((await tortie('status -o json')).out), status)
  t.match((await tortie('status -o yaml')).out, /^node: node-a\nversion: 0\.1\.0\n/)
})

t.test('--server is before TORTIE_SERVER, and the socket of a package is behind both', async (t) => {
  const { api, tortie } = await start(t)
  t.match(await tortie(`status --server unix:${api.socket}`), { code: 0 })
  t.match(await tortie('status --server unix:/nowhere.sock'), { code: 1, err: /^tortie: no agent answers at unix:\/nowhere\.sock: / })
  t.match((await tortie('status --help')).out.replaceAll(/\s+/g, ' '), `(default: "unix:${api.socket}")`)
})

async function start(t: Test, face: Parameters<typeof startFixture>[1] = {}) {
  const api = await startFixture(t, face)
  return { api, tortie: tortieAt(api.socket) }
}
