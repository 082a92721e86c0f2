import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { peer, startFixture } from '../http/api-fixture.ts'
import { runTortie } from './cli-fixture.ts'

const resources = ['shop', 'stage']
  .map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`)
  .concat(
    'apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: {name: web, namespace: shop}\nspec: {node: node-a, interfaceName: tortweb}\n',
    'apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: office}\nspec: {nets: [192.0.2.0/24]}\n',
  )
  .join('---\n')

const table: [typed: string, suggested: readonly string[]][] = [
  ['dr', ['drain']],
  ['bgp ', ['peers', 'routes', 'explain', 'dump', 'reset', 'refresh', 'help']],
  ['datastore ex', ['export']],
  ['get globalnetworks', ['globalnetworksets']],
  ['get networkpolicies.', ['networkpolicies.networking.k8s.io']],
  ['get gns ', ['office']],
  ['delete namespace s', ['shop', 'stage']],
  ['delete namespace shop st', ['stage']],
  ['get wep ', []],
  ['get wep -n shop ', ['web']],
  ['get wep --namespace=shop w', ['web']],
  ['get wep -n ', ['shop', 'stage']],
  ['get wep -o ', ['table', 'yaml', 'json']],
  ['get wep --wa', ['--watch']],
  ['get wep web too ', []],
  ['explain ', ['shop/web']],
  ['explain shop/web s', ['shop/web']],
  ['bgp routes --peer ', ['tor1']],
  ['bgp reset ', ['tor1']],
  ['bgp refresh t', ['tor1']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['get podd ', []],
  ['nonsense ', []],
]

t.test('each word is completed by what can stand there', async (t) => {
  const { socket } = await start(t)
  for (const [typed, suggested] of table) t.strictSame(await complete(typed, socket), suggested, typed)
})

t.test('the first word is a command, with what it does; the hidden one is not among them', async (t) => {
  const { out } = await runTortie(['complete', '--', ''])
  t.match(out, /^agent\tthe node agent, in the foreground\napply\t/)
  t.notMatch(out, /^complete\t/m)
  t.match(out, /\n:4\n$/)
})

t.test('files are those that are there; behind a directory no space', async (t) => {
  const directory = t.testdir({ 'web.yaml': '', policies: { 'a b.yaml': '', 'db.yaml': '' } })
  t.strictSame(await complete(`apply -f ${directory}/w`), [`${directory}/web.yaml`])
  t.match(await runTortie(['complete', '--', 'apply', '-f', `${directory}/p`]), { out: `${directory}/policies/\t\n:6\n` })
  t.strictSame(
    await complete(`agent --config ${directory}/policies/`),
    [`${directory}/policies/db.yaml`],
    'no word that the shell would split',
  )
  t.strictSame(await complete(`apply -f ${directory}/none/`), [])
})

t.test('without an agent there are no names, and nothing on stderr', async (t) => {
  t.strictSame(await runTortie(['complete', '--', 'get', 'gns', '--server', 'unix:/nowhere.sock', '']), { code: 0, out: ':4\n', err: '' })
})

t.test('an agent that names something a shell would run: it is not suggested', async (t) => {
  const { socket } = await start(t, { peers: () => [peer, { ...peer, name: '$(reboot)' }, { ...peer, name: '`x`' }] })
  t.strictSame(await complete('bgp routes --peer ', socket), ['tor1'])
})

t.test('the script of each shell calls tortie; bash reads its own', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, status } = tortie('completion', shell)
    t.strictSame([status, stdout.includes('tortie complete -- ')], [0, true], shell)
  }
  const program = `${tortie('completion', 'bash').stdout}
    tortie() { printf 'drain\\tlead traffic away\\n:4\\n'; }
    _get_comp_words_by_ref() { words=(tortie dr); cword=1; cur=dr; prev=tortie; }
    compopt() { :; }
    __tortie_complete && echo "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', program], { encoding: 'utf8' })
  t.strictSame([stdout, stderr], ['drain\n', ''])
  t.match(await runTortie(['completion', 'tcsh']), { code: 2, err: /Allowed choices are bash, zsh, fish/ })
})

async function complete(typed: string, socket = '/nowhere.sock'): Promise<readonly string[]> {
  const { code, out, err } = await runTortie(['complete', '--', ...typed.split(' ')], { env: { TORTIE_SERVER: `unix:${socket}` } })
  if (code !== 0 || err !== '') throw new Error(`${code}: ${err}`)
  return out.split('\n').flatMap((line) => (line === '' || line.startsWith(':') ? [] : [line.split('\t')[0] ?? '']))
}

function tortie(...args: readonly string[]) {
  return spawnSync(process.execPath, [new URL('../main.ts', import.meta.url).pathname, ...args], { encoding: 'utf8' })
}

async function start(t: Test, face: Parameters<typeof startFixture>[1] = {}) {
  const api = await startFixture(t, face)
  const { status, body } = await api.send('POST', '/v1/apply', resources)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return api
}
