import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import t from 'tap'
import { startFixture } from '../http/api-fixture.ts'
import { withoutSecrets } from '../without-secrets.ts'
import { runTortie, tortieAt } from './cli-fixture.ts'

/** The bundle, unpacked: its one directory, and the text of each file. */
function unpacked(archive: string) {
  const directory = dirname(archive)
  execFileSync('tar', ['xzf', archive, '-C', directory])
  const names = execFileSync('find', ['.', '-type', 'f', '-path', './*/*'], { cwd: directory, encoding: 'utf8' }).trim().split('\n')
  return new Map(names.map((name) => [name.replace(/^\.\/tortie-diags-\d{8}T\d{6}Z\//, ''), readFileSync(join(directory, name), 'utf8')]))
}

t.test('diags: what the agent says and what the kernel has, in one archive that only its owner reads', async (t) => {
  const api = await startFixture(t, { config: () => withoutSecrets({ bgp: { peers: [{ name: 'tor1', password: 's3cret' }] } }) })
  const tortie = tortieAt(api.socket)
  await tortie('apply -f -', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n')
  const archive = join(t.testdir(), 'node-a.tar.gz')
  const { code, out } = await tortie(`diags -o ${archive}`)
  t.equal(code, 0)
  t.match(out, /node-a\.tar\.gz: \d+ files, \d+ KiB\n$/)
  t.equal(statSync(archive).mode & 0o777, 0o600)
  const files = unpacked(archive)
  t.match(JSON.parse(files.get('agent/status.json') ?? ''), { node: 'node-a', revision: 1 })
  t.strictSame(JSON.parse(files.get('agent/config.json') ?? ''), {
    pid: process.pid,
    bgp: { peers: [{ name: 'tor1', password: '(hidden)' }] },
  })
  t.match(files.get('agent/resources.yaml'), 'kind: Namespace\nmetadata:\n  name: shop\n')
  t.match(files.get('agent/metrics.txt'), '# TYPE')
  t.match(JSON.parse(files.get('agent/felix-routes.json') ?? ''), { total: 1 })
  t.match(files.get('kernel/addresses.txt'), /^# ip address\n.*\blo\b/)
  t.match(files.get('kernel/routes-ipv4.txt'), '# ip -4 route show table all\n')
  t.match(files.get('kernel/sysctls.txt'), 'net.ipv4.ip_forward = ')
  t.match(files.get('machine/versions.txt'), new RegExp(`^tortie .*\nnode ${process.versions.node} `))
  t.match(files.get(`machine/proc-${process.pid}-limits.txt`), 'Max open files')
  t.match(files.get('README.txt'), /^Collected by "tortie diags" at /)
})

t.test('diags without an agent: the kernel state, and who is missing is said', async (t) => {
  const archive = join(t.testdir(), 'alone.tar.gz')
  const { code, err } = await runTortie(['diags', '-o', archive, '--server', 'unix:/nowhere.sock'])
  t.equal(code, 0)
  t.match(err, 'tortie: agent/status.json: no agent answers at unix:/nowhere.sock: ')
  const files = unpacked(archive)
  t.equal(files.get('agent/status.json'), '')
  t.match(files.get('README.txt'), /Missing or incomplete:\n {2}agent\/status\.json: no agent answers/)
  t.match(files.get('kernel/links.txt'), '# ip -details -statistics link\n')
})

for (const answer of ['hello', 'null', '{}'])
  t.test(`diags of something else that answers "${answer}": the bundle is made all the same`, async (t) => {
    const other = createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.teardown(() => other.close())
    const { port } = other.address() as AddressInfo
    const archive = join(t.testdir(), 'other.tar.gz')
    const { code, err } = await runTortie(['diags', '-o', archive, '--server', `http://127.0.0.1:${port}`])
    t.equal(code, 0)
    t.match(err, /tortie: agent\/resources\.yaml: ./)
    t.match(unpacked(archive).get('kernel/links.txt'), '# ip -details -statistics link\n')
  })

t.test('diags that cannot be written is a failure with a hint', async (t) => {
  t.match(await runTortie(['diags', '-o', '/nowhere/x', '--server', 'unix:/nowhere.sock']), {
    code: 1,
    out: '',
    err: /^tortie: cannot write \/nowhere\/x: .*: choose another place with -o\n$/,
  })
})
