/** Every command of `tortie` against a running agent: what it prints, what it says of mistakes, and its exit code. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { endpoint, SingleNode } from './lab/single-node.ts'
import { TortieCommand, tortieOn } from './lab/tortie-command.ts'
import { until } from './lab/until.ts'

const password = 's3cret-of-tor1'
const lab = await SingleNode.create()
const directory = mkdtempSync(join(tmpdir(), 'tortie-cli-'))
t.teardown(async () => {
  await lab.remove()
  rmSync(directory, { recursive: true })
})
const peers = [{ name: 'tor1', address: '10.99.0.9', asNumber: 65002, password }]
await lab.node.writeConfig({ bgp: { asNumber: 64512, peers } })
await lab.node.start()
await lab.makePod({ name: 'web', host: 10 })
await lab.makePod({ name: 'db', host: 20 })
const tortie = tortieOn(lab.node)

const policy = `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: db, labels: {app: db}}
spec:
  selector: app == 'db'
  types: [Ingress]
  ingress:
    - {action: Allow, protocol: TCP, source: {selector: app == 'web'}, destination: {ports: [5432]}}
`

t.test('apply of a directory waits until the kernel has it; get, explain and routes show it', async (t) => {
  writeFileSync(
    join(directory, '1-endpoints.yaml'),
    [endpoint({ name: 'web', host: 10, labels: { app: 'web' } }), endpoint({ name: 'db', host: 20, labels: { app: 'db' } })].join('---\n'),
  )
  writeFileSync(join(directory, '2-policy.yaml'), policy)
  t.strictSame(await tortie(`apply -f ${directory} --dry-run`), {
    code: 0,
    out: 'WorkloadEndpoint default/web created (dry run)\nWorkloadEndpoint default/db created (dry run)\nNetworkPolicy default/db created (dry run)\n\nNo flow between known endpoints would change: no known endpoint is concerned.\n',
    err: '',
  })
  t.match(await tortie(`apply -f ${directory} --wait 20`), { code: 0, out: /NetworkPolicy default\/db created\n$/, err: '' })
  t.match(
    (await tortie('get wep')).out,
    /^NAMESPACE +NAME +NODE +INTERFACE +NETWORKS +CREATED\ndefault +db +node-n +tortdb +10\.244\.1\.20\/32 /,
  )
  t.match(JSON.parse((await tortie('get np/db -o json')).out), { kind: 'NetworkPolicy', metadata: { name: 'db' } })
  t.match((await tortie('get np -l app=db -o yaml')).out, 'kind: NetworkPolicyList')
  t.match((await tortie('explain default/web default/db --port 5432')).out, /^Allow: .*NetworkPolicy default\/db \(ingress rule 0\)\n/)
  t.match((await tortie('explain default/web default/db --port 22')).out, /^Deny: denied by Tier default/)
  t.match((await tortie('routes')).out, /10\.244\.1\.20\/32 .*programmed/)
})

t.test('status, bgp and events tell of the node', async (t) => {
  t.match((await tortie('status')).out, /^Node: +node-n, Tortie \d+\.\d+\.\d+, up \d+ s\nKernel: +in sync/)
  t.match((await tortie('bgp peers')).out, /^NAME +ADDRESS .*\ntor1 +10\.99\.0\.9 +65002 /)
  t.match((await tortie('bgp routes')).out, /\* +10\.244\.1\.0\/24 +10\.99\.0\.1 +local /)
  t.match((await tortie('events')).out, 'the API listens')
  t.match(JSON.parse((await tortie('events --limit 1 -o json')).out), { events: [{ level: 'info' }] })
})

t.test('get --watch in one process tells what another one applies and deletes; Ctrl-C ends it with 130', async (t) => {
  const watch = new TortieCommand(lab.node, ['get', 'networksets', '--watch', '-o', 'json'])
  const events = () => watch.out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  const table = new TortieCommand(lab.node, ['get', 'netset', '--watch'])
  await until('the table begins', () => table.out.startsWith('EVENT'))
  const set = (net: string) => `apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: office}\nspec: {nets: [${net}]}\n`
  t.match(await tortie('apply -f -', set('192.0.2.0/24')), { code: 0 })
  await until('it is told', () => events().length === 1)
  t.match(await tortie('apply -f -', set('198.51.100.0/24')), { code: 0 })
  t.match(await tortie('delete netset office'), { code: 0, out: 'NetworkSet default/office deleted\n' })
  await until('all is told', () => events().length === 3 && table.out.includes('DELETED'))
  t.match(events(), [
    { type: 'ADDED', object: { metadata: { name: 'office' }, spec: { nets: ['192.0.2.0/24'] } } },
    { type: 'MODIFIED', object: { spec: { nets: ['198.51.100.0/24'] } } },
    { type: 'DELETED', object: { metadata: { name: 'office' } } },
  ])
  for (const command of [watch, table]) {
    command.child.kill('SIGINT')
    t.match(await command.result(), { code: 130, err: '' })
  }
  t.match(table.out, /^EVENT .*\nADDED +default +office .*\nMODIFIED +default .*\nDELETED +default /)
})

t.test('a watch goes on over a restart of the agent, and tells the deletion that it did not see', async (t) => {
  const set = 'apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: shortlived}\nspec: {nets: [192.0.2.0/24]}\n'
  t.match(await tortie('apply -f -', set), { code: 0 })
  const watch = new TortieCommand(lab.node, ['get', 'netset/shortlived', '--watch', '-o', 'json'])
  await until('it is told', () => watch.out.includes('"ADDED"'))
  watch.child.kill('SIGSTOP')
  await lab.node.end('SIGKILL')
  await lab.node.start()
  t.match(await tortie('delete netset shortlived'), { code: 0 })
  watch.child.kill('SIGCONT')
  await until('the deletion is told', () => watch.out.includes('"DELETED"'))
  t.match(await tortie('apply -f -', set), { code: 0 })
  await until('what comes after it, too', () => watch.out.split('\n').filter((line) => line.includes('"ADDED"')).length === 2)
  watch.child.kill('SIGINT')
  t.match(await watch.result(), { code: 130 })
  t.match(await tortie('delete netset shortlived'), { code: 0 })
})

const mistakes: [line: string, code: number, err: RegExp][] = [
  ['status --server unix:/nowhere.sock', 1, /^tortie: no agent answers at unix:\/nowhere\.sock: start it with "tortie agent", .*\n$/],
  ['get np/none', 1, /^tortie: not found: there is no .*default\/none.*\n$/],
  ['get podd', 2, /^tortie: unknown kind podd.*\n$/],
  ['get networkpolicie', 2, /^tortie: unknown kind networkpolicie, did you mean "networkpolicies"\?\n$/],
  ['aply', 2, /^tortie: unknown command 'aply' \(Did you mean apply\?\): see "tortie --help"\n$/],
  ['flow', 2, /^tortie: unknown command 'flow' \(Did you mean flows\?\).*\n$/],
  ['explain default/wep default/db --port 1', 1, /^tortie: not found: query\.from: .*did you mean.*\n$/],
]
for (const [line, code, err] of mistakes)
  t.test(`"tortie ${line}" exits ${code} with one line`, async (t) => {
    const run = await tortie(line)
    t.strictSame([run.code, run.out], [code, ''])
    t.match(run.err, err)
  })

t.test('a field that is not known, and somebody else who was faster: one line, nothing changed', async (t) => {
  t.match(await tortie('apply -f -', policy.replace('types:', 'typos:')), {
    code: 1,
    err: /^tortie: not valid: stdin:6: spec\.typos: unknown field.*\(nothing was changed\)\n$/,
  })
  const { out } = await tortie('get np/db -o yaml')
  t.match(await tortie('apply -f -', policy.replace('5432', '5433')), { code: 0 })
  t.match(await tortie('apply -f -', out.replace('5432', '5434')), {
    code: 1,
    err: /^tortie: version conflict: .*get it again and repeat your change\)\n$/,
  })
})

t.test('datastore: what export writes is back after everything was deleted', async (t) => {
  const file = join(directory, 'backup.txt')
  t.match(await tortie(`datastore export -f ${file}`), { code: 0 })
  const exported = readFileSync(file, 'utf8')
  t.match(await tortie(`datastore import -f ${file}`), { code: 1, err: /the store holds \d+ resources already/ })
  t.match(await tortie(`delete -f ${file} --wait 20`), { code: 0 })
  t.match((await tortie('datastore export')).out, /^# 0 resources at revision \d+\n$/)
  t.match(await tortie(`datastore import -f ${file} --wait 20`), { code: 0, err: '' })
  const body = (text: string) => text.slice(text.indexOf('---'))
  t.equal(body((await tortie('datastore export')).out), body(exported))
})

t.test('diags: a bundle with agent and kernel, and no password in it', async (t) => {
  const bundle = join(directory, 'diags.tar.gz')
  t.match(await tortie(`diags -o ${bundle}`), { code: 0, out: /diags\.tar\.gz: \d+ files, \d+ KiB\n$/ })
  const into = join(directory, 'diags')
  execFileSync('mkdir', [into])
  execFileSync('tar', ['xzf', bundle, '-C', into, '--strip-components=1'])
  const read = (name: string) => readFileSync(join(into, name), 'utf8')
  t.match(JSON.parse(read('agent/config.json')), { file: { bgp: { peers: [{ name: 'tor1', password: '(hidden)' }] } } })
  t.match(read('kernel/routes-ipv4.txt'), '10.244.1.20 dev tortdb')
  t.match(read('kernel/iptables-nft.txt') + read('kernel/ipsets.txt'), 'tort')
  t.match(read('agent/resources.yaml'), 'name: db')
  t.match(JSON.parse(read('agent/felix-chains.json')).items, [{ status: { state: 'programmed' } }])
  const grep = new RegExp(password)
  for (const name of execFileSync('find', ['.', '-type', 'f'], { cwd: into, encoding: 'utf8' }).trim().split('\n'))
    t.notMatch(read(name), grep, name)
})

t.test('without the agent diags still has the kernel', async (t) => {
  await lab.node.end('SIGTERM')
  const bundle = join(directory, 'alone.tar.gz')
  t.match(await tortie(`diags -o ${bundle}`), { code: 0, err: /^tortie: agent\/status\.json: no agent answers at / })
  t.match(execFileSync('tar', ['xzOf', bundle, '--wildcards', '*/kernel/routes-ipv4.txt'], { encoding: 'utf8' }), '10.244.1.20 dev tortdb')
})
