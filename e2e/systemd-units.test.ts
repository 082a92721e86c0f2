/** The units of deploy/systemd: what they name is there, what they grant is what the agent keeps, and systemd understands them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { optionRows } from '../src/config/option-list.ts'
import { heapFlags, needed } from '../src/os/capabilities.ts'

const root = path.join(import.meta.dirname, '..')
const units = ['tortie.service', 'tortie-closed.service'] as const
const text = (name: string) => readFileSync(path.join(root, 'deploy/systemd', name), 'utf8')
const value = (unit: string, key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text(unit))?.[1] ?? ''

t.test('the agent is started by its own interpreter, from files that the build makes', async (t) => {
  const [interpreter = '', ...words] = value('tortie.service', 'ExecStart').split(' ')
  const flags = words.slice(0, heapFlags.length)
  const [main = '', ...args] = words.slice(heapFlags.length)
  t.strictSame(flags, heapFlags, 'those it would have to start itself again with')
  for (const file of [interpreter, main]) t.ok(existsSync(file.replace('/opt/tortie', root)), file)
  t.strictSame(args, ['agent', '--config', '/etc/tortie/tortie.yaml'])
})

t.test('the unit grants the capabilities that the agent keeps, no more and no fewer', async (t) => {
  const granted = value('tortie.service', 'CapabilityBoundingSet').split(' ')
  t.strictSame(
    granted.toSorted(),
    Object.keys(needed)
      .map((name) => `CAP_${name}`)
      .toSorted(),
  )
})

t.test('directories and interface names are the defaults of the configuration', async (t) => {
  const defaults = new Map(optionRows.map((row) => [row.path, row.default]))
  t.equal(defaults.get('api.socket'), `/run/${value('tortie.service', 'RuntimeDirectory')}/api.sock`)
  t.equal(defaults.get('datastore.path'), `/var/lib/${value('tortie.service', 'StateDirectory')}`)
  t.match(text('closed.rules'), `-i tort+ `)
})

t.test('workloads are closed off before any interface is up, and programmed before anything starts them', async (t) => {
  t.match(value('tortie-closed.service', 'Before').split(' '), ['network-pre.target', 'tortie.service'])
  t.match(value('tortie.service', 'Before').split(' '), ['containerd.service', 'docker.service', 'crio.service', 'kubelet.service'])
})

t.test('on a node that is full the agent is ended after its pods, and has the larger share of processor', async (t) => {
  t.ok(Number(value('tortie.service', 'OOMScoreAdjust')) <= -900)
  t.ok(Number(value('tortie.service', 'CPUWeight')) > 100, 'the share of every service')
})

const verify = await execa('systemd-analyze', ['--version'], { reject: false })
t.test(
  'systemd-analyze verify has nothing to say of them',
  { skip: verify.exitCode !== 0 && 'systemd-analyze is not installed' },
  async (t) => {
    const directory = t.testdir({})
    for (const unit of units) writeFileSync(path.join(directory, unit), text(unit).replaceAll('/opt/tortie', root))
    const { stderr } = await execa('systemd-analyze', ['verify', ...units.map((unit) => path.join(directory, unit))], {
      reject: false,
    })
    t.strictSame(
      stderr.split('\n').filter((line) => line.includes('tortie')), // other units of this machine are no business of ours
      [],
    )
  },
)
