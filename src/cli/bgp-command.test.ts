import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { PeerStatus, RouteEntry, RouteQuery } from '../../bgp/peer.ts'
import { peer, startFixture } from '../http/api-fixture.ts'
import { runTortie, tortieAt } from './cli-fixture.ts'

t.test('bgp peers: counts summed over families, the last error by its RFC name', async (t) => {
  const counts = { received: 10, accepted: 9, advertised: 8, stale: 0 }
  const down: PeerStatus = {
    ...peer,
    name: 'rack-12',
    state: 'Active',
    families: { 'ipv4-unicast': counts, 'ipv6-unicast': counts },
    lastError: { name: 'Hold Timer Expired (4/0)', code: 4, subcode: 0, direction: 'sent', at: '2026-01-02T12:00:00.000Z' },
  }
  const { tortie } = await start(t, { peers: () => [peer, down] })
  t.equal(
    (await tortie('bgp peers')).out,
    `NAME     ADDRESS    AS     STATE        SINCE                     RECEIVED  ACCEPTED  ADVERTISED  LAST ERROR
tor1     10.99.0.2  65002  Established  2026-01-02T12:00:00.000Z  3         2         1           -
rack-12  10.99.0.2  65002  Active       2026-01-02T12:00:00.000Z  20        18        16          Hold Timer Expired (4/0)
`,
  )
  t.strictSame(JSON.parse((await tortie('bgp peers -o json')).out), { peers: [peer, down] })
})

const entry = (prefix: string, rest: Partial<RouteEntry> = {}): RouteEntry => ({
  prefix: prefix as RouteEntry['prefix'],
  family: 'ipv4-unicast',
  paths: [{ peer: 'local', nextHop: '10.99.0.1', origin: 'igp', asPath: '', best: true }],
  decidedBy: 'local',
  ...rest,
})

t.test('bgp routes: an originated prefix has an empty AS path; all shown means no note', async (t) => {
  const { tortie } = await start(t, { routes: () => ({ routes: [entry('10.244.1.0/24')], total: 1 }) })
  t.equal(
    (await tortie('bgp routes')).out,
    `   PREFIX         NEXT HOP   PEER   AS PATH  LOCAL PREF  MED  ORIGIN  DECIDED BY
*  10.244.1.0/24  10.99.0.1  local  -        -           -    igp     local
`,
  )
})

t.test('bgp routes: MED 0 and LOCAL_PREF 0 are values, not absent', async (t) => {
  const paths = [{ peer: 'tor1', nextHop: '10.99.0.2', origin: 'incomplete', asPath: '1 {2 3}', med: 0, localPref: 0, best: true }] as const
  const { tortie } = await start(t, { routes: () => ({ routes: [entry('0.0.0.0/0', { paths, decidedBy: 'med' })], total: 1 }) })
  t.match((await tortie('bgp routes')).out, /^\* {2}0\.0\.0\.0\/0 {2}10\.99\.0\.2 {2}tor1 {2}1 \{2 3\} {2}0 {11}0 {4}incomplete {2}med$/m)
})

const queries: [line: string, query: RouteQuery][] = [
  ['bgp routes', { table: 'best', limit: 1000 }],
  ['bgp routes --table out --peer tor1', { table: 'out', limit: 1000, peer: 'tor1' }],
  ['bgp routes --limit 5 --prefix fd00::1/64', { table: 'best', limit: 5, prefix: 'fd00::/64' as RouteEntry['prefix'] }],
]
for (const [line, query] of queries)
  t.test(`${line} asks for ${JSON.stringify(query)}`, async (t) => {
    const { api, tortie } = await start(t)
    t.match(await tortie(line), { code: 0, err: '' })
    t.strictSame(api.asked.routes, [query])
  })

t.test('bgp without a word after it, or with a wrong one, is a usage mistake', async (t) => {
  const { tortie } = await start(t)
  t.match(await tortie('bgp'), { code: 2, out: '', err: /Usage: tortie bgp/ })
  t.match(await tortie('bgp peer'), {
    code: 2,
    out: '',
    err: /^tortie: unknown command 'peer' \(Did you mean peers\?\): see "tortie --help"\n$/,
  })
  t.match(await tortie('bgp routes --table all'), { code: 2, err: /Allowed choices are in, accepted, best, out/ })
  t.match(await tortie('bgp routes --peer nobody'), { code: 1, err: 'tortie: not found: there is no BGP peer nobody\n' })
})

async function start(t: Test, face: Parameters<typeof startFixture>[1] = {}) {
  const api = await startFixture(t, face)
  return { api, tortie: tortieAt(api.socket) }
}

t.test('bgp peers --watch: what is there as a table, then a line for each change, until Ctrl-C', async (t) => {
  const down: PeerStatus = { ...peer, state: 'Idle', lastError: { name: 'Cease\u001b[2J', direction: 'received', at: 'now' } }
  const api = await startFixture(t, {
    watchPeers: async function* (signal) {
      yield [{ type: 'ADDED', object: peer }, { type: 'SYNCED' }]
      yield [{ type: 'MODIFIED', object: down }]
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    },
  })
  const env = { TORTIE_SERVER: `unix:${api.socket}` }
  const { code, out } = await runTortie(['bgp', 'peers', '--watch'], { env, interruptAfter: 'MODIFIED' })
  t.equal(code, 130)
  t.equal(
    out,
    `EVENT     NAME  ADDRESS    AS     STATE        SINCE                     RECEIVED  ACCEPTED  ADVERTISED  LAST ERROR
ADDED     tor1  10.99.0.2  65002  Established  2026-01-02T12:00:00.000Z  3         2         1           -
MODIFIED  tor1  10.99.0.2  65002  Idle         2026-01-02T12:00:00.000Z  3         2         1           Cease?[2J
`,
  )
})

t.test('bgp routes --watch -o json: the events as they are; what is refused is said', async (t) => {
  const api = await startFixture(t, {
    watchRoutes: async function* (_query, signal) {
      yield [{ type: 'ADDED', object: entry('10.244.1.0/24') }, { type: 'SYNCED' }]
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    },
  })
  const env = { TORTIE_SERVER: `unix:${api.socket}` }
  const { code, out } = await runTortie(['bgp', 'routes', '--watch', '-o', 'json'], { env, interruptAfter: 'SYNCED' })
  t.equal(code, 130)
  t.equal(out, `${JSON.stringify({ type: 'ADDED', object: entry('10.244.1.0/24') })}\n{"type":"SYNCED"}\n`)
  t.match(await runTortie(['bgp', 'routes', '--watch', '--table', 'in'], { env }), {
    code: 1,
    err: /query.peer: is needed with table=in and watch/,
  })
})

t.test('bgp dump writes the file, or says why not', async (t) => {
  const { tortie } = await start(t)
  const file = `${t.testdir({})}/rib.mrt`
  t.match(await tortie(`bgp dump ${file}`), { code: 0, out: '', err: '' })
  t.equal(readFileSync(file, 'utf8'), 'MRT')
  t.match(await tortie('bgp dump /nowhere/rib.mrt'), { code: 1, err: /^tortie: cannot write \/nowhere\/rib.mrt: ENOENT/ })
})

t.test('bgp reset and bgp refresh say in a line what happened', async (t) => {
  const { tortie } = await start(t)
  t.match(await tortie('bgp reset tor1'), {
    code: 0,
    out: 'tor1: the session is ended with Cease/Administrative Reset (6/4) and begins anew\n',
  })
  t.match(await tortie('bgp refresh tor1'), { code: 0, out: 'tor1: asked for all its routes again\n' })
  t.match(await tortie('bgp reset'), { code: 2, err: /missing required argument 'peer'/ })
  const { tortie: ofDown } = await start(t, { peer: () => ({ ...peer, state: 'Active' }), refreshPeer: () => false })
  t.match(await ofDown('bgp reset tor1'), { code: 0, out: 'tor1: there was no session to end (Active); it is tried anew\n' })
  t.strictSame(await ofDown('bgp refresh tor1'), {
    code: 1,
    out: '',
    err: 'tortie: not possible now: BGP peer tor1 has no session: it is Active\n',
  })
})

for (const command of ['reset', 'refresh'])
  t.test(`bgp ${command} of nobody is refused`, async (t) => {
    const { tortie } = await start(t)
    t.strictSame(await tortie(`bgp ${command} nobody`), { code: 1, out: '', err: 'tortie: not found: there is no BGP peer nobody\n' })
  })

t.test('bgp explain: each path and its fate, each peer and why', async (t) => {
  const sent = { peer: 'tor2', nextHop: '10.99.0.1', origin: 'igp', asPath: '64512 65002' } as const
  const { tortie } = await start(t, {
    explainRoute: (prefix) => ({
      prefix,
      family: 'ipv4-unicast',
      decidedBy: 'med',
      paths: [
        { peer: 'tor1', nextHop: '10.99.0.2', origin: 'igp', asPath: '65002', med: 0, best: true },
        { peer: 'tor3', nextHop: '10.99.0.4', origin: 'igp', asPath: '65002', med: 9, lostAt: 'med' },
        { peer: 'tor4', nextHop: '10.99.0.5', origin: 'igp', asPath: '64512', unused: 'loop' },
      ],
      peers: [
        { peer: 'tor1', advertised: false, reason: 'the best path came from this peer' },
        { peer: 'tor2', advertised: true, paths: [sent] },
      ],
    }),
  })
  t.equal(
    (await tortie('bgp explain 10.244.1.0/26')).out,
    `   FROM  NEXT HOP   AS PATH  LOCAL PREF  MED  DECISION
*  tor1  10.99.0.2  65002    -           0    best: med
   tor3  10.99.0.4  65002    -           9    lost at med
   tor4  10.99.0.5  64512    -           -    not used: loop

PEER  ADVERTISED  WHY, OR HOW
tor1  no          the best path came from this peer
tor2  yes         next hop 10.99.0.1, AS path 64512 65002
`,
  )
  t.match(await tortie('bgp explain nothing'), { code: 1, err: /query.prefix: must be a CIDR or an address/ })
  t.match(await tortie('bgp explain 10.0.0.0/8 --peer nobody'), { code: 1, err: 'tortie: not found: there is no BGP peer nobody\n' })
})

t.test('bgp explain of what is not there says what is', async (t) => {
  const { tortie } = await start(t, {
    explainRoute: (prefix) => ({ prefix, family: 'ipv4-unicast', paths: [], coveredBy: '10.0.0.0/8' as RouteEntry['prefix'], peers: [] }),
  })
  t.equal((await tortie('bgp explain 10.1.2.3')).out, 'there is no route to 10.1.2.3/32; its addresses are routed by 10.0.0.0/8\n')
})
