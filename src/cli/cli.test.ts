import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { RouteEntry, RouteQuery } from '../../bgp/peer.ts'
import { startFixture } from '../http/api-fixture.ts'
import { version } from '../version.ts'
import { fixed, runTortie, tortieAt } from './cli-fixture.ts'

const set = (name: string, net = '10.0.0.0/8') =>
  `apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata:\n  name: ${name}\nspec:\n  nets: [${net}]\n`

async function seeded(t: Test) {
  const started = await start(t)
  await started.tortie('apply -f -', `${set('a')}---\n${set('b').replace('name: b', 'name: b\n  namespace: shop')}`)
  return started
}

t.test('apply: a line per resource; --dry-run; -o json is the answer of the API', async (t) => {
  const { api, tortie } = await start(t)
  t.strictSame(await tortie('apply -f - --dry-run', set('a')), { code: 0, out: 'NetworkSet default/a created (dry run)\n', err: '' })
  t.equal(api.store.revision, 0)
  t.strictSame(await tortie('apply -f -', set('a')), { code: 0, out: 'NetworkSet default/a created\n', err: '' })
  const json = await tortie('apply -f - -o json', set('a'))
  const result = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkSet', namespace: 'default', name: 'a', result: 'unchanged' }
  t.strictSame(JSON.parse(json.out), { revision: 1, results: [result] })
})

t.test('apply: several files and directories are one change set, in the order given', async (t) => {
  const { api, tortie } = await start(t)
  const directory = t.testdir({
    dir: { '2.yml': set('two'), '1.yaml': `---\n${set('one')}`, '3.json': json('three'), 'note.txt': 'no' },
    'extra.yaml': set('extra').trimEnd(),
  })
  const { out } = await tortie(`apply -f ${directory}/extra.yaml ${directory}/dir -f -`, set('stdin'))
  const names = ['extra', 'one', 'two', 'three', 'stdin']
  t.equal(out, names.map((name) => `NetworkSet default/${name} created\n`).join(''))
  t.equal(api.store.revision, 1)
})

t.test('apply: a mistake is one line with the file, the line and the path; nothing was changed', async (t) => {
  const { api, tortie } = await start(t)
  const directory = t.testdir({ 'good.yaml': set('good'), 'bad.yaml': set('bad', '10.0.0.0/33').replace('nets:', 'netz: []\n  nets:') })
  const { code, out, err } = await tortie(`apply -f ${directory}/good.yaml -f ${directory}/bad.yaml`)
  t.strictSame([code, out], [1, ''])
  t.match(err, /^tortie: not valid: [^\n]+ \(nothing was changed\)\n$/)
  t.match(err, `${directory}/bad.yaml:6: spec.netz: unknown field`)
  t.match(err, `${directory}/bad.yaml:7: spec.nets[0]: `)
  t.equal(api.store.revision, 0)
  t.match(await tortie('apply -f -', 'a: ['), { code: 1, err: /^tortie: not parsable: stdin:\d+: .*\n$/ })
})

t.test('apply --wait: 0 once programmed; 1 with what is pending, the write stored', async (t) => {
  const { api, tortie } = await start(t)
  const end = api.store.subscribe((_events, revision) => api.programmed.applied(revision, new Map()))
  t.match(await tortie('apply -f - --wait', set('a')), { code: 0, out: 'NetworkSet default/a created\n' })
  end()
  t.strictSame(await tortie('apply -f - --wait 1', set('b')), {
    code: 1,
    out: 'NetworkSet default/b created\n',
    err: 'tortie: not programmed in time: revision 2 is not programmed after 1 s: revision 2 (not applied yet) (it is stored: "tortie status" shows what holds it back)\n',
  })
  t.match(await tortie('apply -f - --wait 301', set('b')), { code: 2, err: /1 to 300 seconds/ })
})

t.test('delete: by file, by kind and name', async (t) => {
  const { tortie } = await seeded(t)
  t.match(await tortie('delete networksets b -n shop --dry-run'), { code: 0, out: 'NetworkSet shop/b deleted (dry run)\n' })
  t.match(await tortie('delete netset b -n shop'), { code: 0, out: 'NetworkSet shop/b deleted\n' })
  t.match(await tortie('delete -f -', set('a')), { code: 0, out: 'NetworkSet default/a deleted\n' })
  t.match(await tortie('delete NetworkSet a c'), { code: 0, out: 'NetworkSet default/a not found\nNetworkSet default/c not found\n' })
  t.match(await tortie('delete tier default'), {
    code: 1,
    err: 'tortie: protected: metadata.name: Tier default is built in and cannot be deleted (nothing was changed)\n',
  })
  for (const [line, err] of [
    ['delete', 'tortie: delete what? Give -f FILE or KIND NAME\n'],
    ['delete tier x -f -', 'tortie: give either -f or KIND NAME, not both\n'],
    ['delete tier x -n y', 'tortie: Tier is in no namespace: leave out -n\n'],
  ] as const)
    t.strictSame(await tortie(line), { code: 2, out: '', err }, line)
})

t.test('get: a table for people, json and yaml as the API has it', async (t) => {
  const { tortie } = await seeded(t)
  t.equal(
    fixed((await tortie('get networksets')).out),
    'NAMESPACE  NAME  NETS        CREATED\ndefault    a     10.0.0.0/8  TIME\nshop       b     10.0.0.0/8  TIME\n',
  )
  t.equal(fixed((await tortie('get NetSet b -n shop')).out), 'NAMESPACE  NAME  NETS        CREATED\nshop       b     10.0.0.0/8  TIME\n')
  t.equal((await tortie('get tiers')).out, 'NAME  ORDER  CREATED\n')
  t.equal(
    fixed((await tortie('get netset a -o yaml')).out),
    'apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata:\n  name: a\n  namespace: default\n  resourceVersion: "1"\n' +
      `  uid: UID\n  creationTimestamp: TIME\n  generation: 1\nspec:\n  nets:\n    - 10.0.0.0/8\n`,
  )
  const list = JSON.parse((await tortie('get netset -n shop -o json')).out)
  t.match(list, { kind: 'NetworkSetList', metadata: { resourceVersion: '1' }, items: [{ metadata: { name: 'b' } }] })
  t.strictSame(await tortie('get netset b'), { code: 1, out: '', err: 'tortie: not found: there is no NetworkSet default/b\n' })
})

t.test('what get prints as yaml can be applied as it is', async (t) => {
  const { tortie } = await seeded(t)
  const { out } = await tortie('get netset -o yaml')
  t.match(await tortie('apply -f -', out), { code: 0, out: 'NetworkSet default/a unchanged\nNetworkSet shop/b unchanged\n' })
})

t.test('status: the node at a glance', async (t) => {
  const { tortie } = await start(t)
  t.equal(
    (await tortie('status')).out,
    `Node:     node-a, Tortie 0.1.0, up 12 s
Kernel:   in sync, revision 0 of 0 programmed
BGP:      AS 64512, router id 10.99.0.1, 1 of 1 peers Established
Routes:   4 wanted, 3 programmed
Policy:   7 chains, 2 ipSets
Problems: 1

SEVERITY  SUBJECT               MESSAGE
warning   endpoint default/web  tortweb is not there yet
`,
  )
  t.match(JSON.parse((await tortie('status -o json')).out), { node: 'node-a', bgp: { peers: 1 } })
})

t.test('bgp peers, bgp routes, routes', async (t) => {
  const path = { peer: 'tor1', nextHop: '10.99.0.2', origin: 'igp', asPath: '65002', best: true } as const
  const other = { ...path, peer: 'tor2', nextHop: '10.99.0.3', asPath: '65003 65002', best: false, localPref: 90 }
  const route: RouteEntry = {
    prefix: '10.1.0.0/16' as RouteEntry['prefix'],
    family: 'ipv4-unicast',
    paths: [path, other],
    decidedBy: 'local-pref',
  }
  const asked: RouteQuery[] = []
  const { tortie } = await start(t, {
    routes: (query) => {
      asked.push(query)
      return { routes: [route], total: 3, cursor: 'x' }
    },
  })
  t.equal(
    (await tortie('bgp peers')).out,
    'NAME  ADDRESS    AS     STATE        SINCE                     RECEIVED  ACCEPTED  ADVERTISED  LAST ERROR\n' +
      'tor1  10.99.0.2  65002  Established  2026-01-02T12:00:00.000Z  3         2         1           -\n',
  )
  t.equal(
    (await tortie('bgp routes --table in --peer tor1 --prefix 10.0.0.0/8 --longer --limit 1')).out,
    '   PREFIX       NEXT HOP   PEER  AS PATH      LOCAL PREF  MED  ORIGIN  DECIDED BY\n' +
      '*  10.1.0.0/16  10.99.0.2  tor1  65002        -           -    igp     local-pref\n' +
      '   10.1.0.0/16  10.99.0.3  tor2  65003 65002  90          -    igp     -\n' +
      '1 of 3 shown: more with --limit, or --prefix\n',
  )
  t.strictSame(asked, [{ table: 'in', limit: 1, peer: 'tor1', prefix: '10.0.0.0/8', longer: true }])
  t.equal(
    (await tortie('routes')).out,
    'ROUTE              WANTED                STATUS   REASON\nroute 10.0.0.1/32  {"device":"tortweb"}  pending  no tortweb\n',
  )
  t.match(await tortie('bgp routes --limit 0'), {
    code: 1,
    err: /^tortie: not parsable: query.limit: must be an integer from 1 to 10000\n$/,
  })
})

t.test('usage mistakes: one line with a hint, exit 2', async (t) => {
  const { tortie } = await start(t)
  const table: [line: string, err: RegExp][] = [
    ['aply -f x', /^tortie: unknown command 'aply' \(Did you mean apply\?\): see "tortie --help"\n$/],
    ['apply', /^tortie: required option '-f, --filename <path...>' not specified: see "tortie --help"\n$/],
    ['get', /^tortie: missing required argument 'kind': see "tortie --help"\n$/],
    ['get nonsense', /^tortie: unknown kind nonsense: use one of networkpolicy, globalnetworkpolicy, [a-z, ]+\n$/],
    ['get tiers -n x', /^tortie: Tier is in no namespace: leave out -n\n$/],
    [
      'get tiers -o xml',
      /^tortie: option '-o, --output <format>' argument 'xml' is invalid\. Allowed choices are table, yaml, json\.: see "tortie --help"\n$/,
    ],
    ['status extra', /^tortie: too many arguments.*\n$/],
    [
      'status --server ftp://x',
      /^tortie: --server ftp:\/\/x is not understood: use unix:PATH, https:\/\/HOST:PORT or http:\/\/HOST:PORT\n$/,
    ],
    ['agent', /^tortie: required option '--config <file>' not specified.*\n$/],
  ]
  for (const [line, err] of table) {
    const result = await tortie(line)
    t.strictSame([result.code, result.out], [2, ''], line)
    t.match(result.err, err, line)
  }
})

t.test('failures: no agent, no file, somebody else who answers: one line with a hint, exit 1', async (t) => {
  const { api, tortie } = await start(t)
  const none = `unix:${api.socket}.none`
  t.strictSame(await tortie(`status --server ${none}`), {
    code: 1,
    out: '',
    err: `tortie: no agent answers at ${none}: start it with "tortie agent", or name another with --server\n`,
  })
  const other = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  t.strictSame(await tortie(`status --server http://127.0.0.1:${port}`), {
    code: 1,
    out: '',
    err: `tortie: what answers at http://127.0.0.1:${port} is not Tortie: check --server\n`,
  })
  const directory = t.testdir({ empty: {} })
  t.match(await tortie(`apply -f ${directory}/none.yaml`), { code: 1, err: /^tortie: cannot read .*none\.yaml: ENOENT.*\n$/ })
  t.match(await tortie(`apply -f ${directory}/empty`), { code: 2, err: /^tortie: there is no \*\.yaml, \*\.yml or \*\.json in .*\n$/ })
})

t.test('a reader that goes first, as in "tortie get | head", is no mistake', async (t) => {
  const { api } = await seeded(t)
  const program = `import { runCli } from ${JSON.stringify(new URL('./cli.ts', import.meta.url).href)}
    process.exitCode = await runCli(['get', 'netset', '-o', 'json'], process, { agent: async () => 0 })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { TORTIE_SERVER: `unix:${api.socket}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  const [err] = await Promise.all([child.stderr.setEncoding('utf8').toArray(), once(child, 'exit')])
  t.strictSame([err.join(''), child.exitCode], ['', 0])
})

t.test('help is on stdout and no mistake; no command at all is one', async (t) => {
  const help = await runTortie(['--help'])
  t.strictSame([help.code, help.err], [0, ''])
  for (const command of ['agent', 'apply', 'delete', 'get', 'status', 'bgp', 'routes'])
    t.match(help.out, new RegExp(`^  ${command}\\b`, 'm'))
  const bare = await runTortie([])
  t.strictSame([bare.code, bare.out], [2, ''])
  t.match(bare.err, /^Usage: tortie/)
})

t.test('--version is the version of the package', async (t) => {
  t.strictSame(await runTortie(['--version']), { code: 0, out: `${version}\n`, err: '' })
})

t.test('every command has help with an example', async (t) => {
  const lines = [
    'agent',
    'apply',
    'delete',
    'get',
    'status',
    'bgp peers',
    'bgp routes',
    'bgp reset',
    'bgp refresh',
    'routes',
    'explain',
    'drain',
    'events',
    'datastore export',
    'datastore import',
    'diags',
    'completion',
  ]
  for (const line of lines) {
    const { code, out } = await runTortie([...line.split(' '), '--help'])
    t.equal(code, 0, line)
    t.match(out, new RegExp(`\\nExamples?:\\n  (source <.)?tortie ${line}`), line)
  }
})

t.test('agent is handed to whoever runs it, and its exit code is ours', async (t) => {
  t.strictSame(await runTortie(['agent', '--config', '/etc/x.yaml', '--check'], { agentCode: 2 }), {
    code: 2,
    out: '{"configFile":"/etc/x.yaml","check":true,"cleanup":false}',
    err: '',
  })
})

t.test('agent --cleanup is one thing, --check another', async (t) => {
  t.strictSame(await runTortie(['agent', '--config', '/etc/x.yaml', '--cleanup']), {
    code: 0,
    out: '{"configFile":"/etc/x.yaml","check":false,"cleanup":true}',
    err: '',
  })
  t.match(await runTortie(['agent', '--config', '/etc/x.yaml', '--cleanup', '--check']), { code: 2, out: '', err: /cannot be used with/ })
})

function json(name: string): string {
  return JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'NetworkSet', metadata: { name }, spec: { nets: [] } })
}

async function start(t: Test, face: Parameters<typeof startFixture>[1] = {}) {
  const api = await startFixture(t, face)
  return { api, tortie: tortieAt(api.socket) }
}
