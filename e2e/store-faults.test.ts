/** The store's disk is full, or its file is damaged: one clear sentence, nothing overwritten, and the network goes on as it was. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'

const networkSet = (name: string, nets: number) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: { name: ${name} }
spec: { nets: [${Array.from({ length: nets }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`).join(', ')}] }
`
const hash = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
const namesOf = (body: unknown) => (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name)

t.test('a full disk: writes are answered 503 and change nothing, reads and policy go on, and there is no need to restart', async (t) => {
  const lab = await SingleNode.create()
  t.teardown(() => lab.remove())
  const store = path.join(path.dirname(lab.node.socketPath), 'store')
  await mkdir(store)
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', store])
  t.teardown(() => execa('umount', ['-l', store]))
  await lab.node.start()
  const [a, b] = await lab.addPods({ name: 'a', host: 2 }, { name: 'b', host: 3 })
  const ballast = path.join(store, 'ballast')
  await writeFile(ballast, Buffer.alloc(4 << 20)).catch(() => undefined) // as much as there is room for
  const sets = async () => namesOf((await lab.node.request('GET', '/apis/projectcalico.org/v3/globalnetworksets')).body)

  const answers: number[] = []
  let written = 0
  const last = await until('a write is refused', async () => {
    const answer = await lab.node.request('POST', '/v1/apply', networkSet(`set-${written}`, 2000))
    answers.push(answer.status)
    if (answer.status === 200) written += 1
    return answer.status === 200 ? undefined : answer
  })
  t.match(last, { status: 503, body: { status: 503, detail: /^cannot write .*tortie\.db: / } })
  t.equal((await sets()).length, written, 'what was refused is not there')
  t.ok(await a.reaches({ protocol: 'tcp', to: b.address, port: 8080 }))
  t.equal((await lab.node.request('GET', '/readyz')).status, 200)

  await rm(ballast)
  await lab.node.apply(networkSet('afterwards', 10))
  await lab.node.end('SIGKILL')
  await lab.node.start()
  t.strictSame((await sets()).toSorted(), [...Array.from({ length: written }, (_, n) => `set-${n}`), 'afterwards'].toSorted())
})

t.test('a damaged store: the agent says so in one sentence, exits 1 and leaves file and kernel as they are', async (t) => {
  const lab = await SingleNode.create()
  t.teardown(() => lab.remove())
  await lab.node.start()
  const [a, b] = await lab.addPods({ name: 'a', host: 2 }, { name: 'b', host: 3 })
  await lab.node.apply(networkSet('large', 3000))
  await lab.node.end('SIGTERM')
  const directory = path.dirname(lab.node.socketPath)
  const file = path.join(directory, 'store', 'tortie.db')
  const whole = await readFile(file)
  const damages: readonly [title: string, damage: () => Promise<void>][] = [
    ['truncated', () => truncate(file, Math.floor(whole.length / 2))],
    [
      'overwritten in its middle',
      () => writeFile(file, Buffer.concat([whole.subarray(0, 8192), Buffer.alloc(8192, 0x5a), whole.subarray(16_384)])),
    ],
    ['replaced by something else', () => writeFile(file, 'not a database at all, but more than a header of text\n'.repeat(20))],
  ]
  for (const [title, damage] of damages) {
    await t.test(title, async (t) => {
      await writeFile(file, whole)
      await damage()
      const before = await hash(file)
      const rules = await lab.rules()
      const [command = '', ...args] = agentCommand()
      const run = await execa(
        'ip',
        ['netns', 'exec', lab.namespace.name, command, ...args, 'agent', '--config', path.join(directory, 'tortie.yaml')],
        {
          reject: false,
        },
      )
      t.equal(run.exitCode, 1)
      t.match(
        run.stderr,
        /^tortie: \S+tortie\.db is (damaged \([^\n]*\): move it away or restore a copy of it|not a Tortie datastore: [^\n]*)$/,
      )
      t.equal(await hash(file), before, 'nothing is overwritten')
      t.strictSame(await lab.rules(), rules)
      t.ok(await a.reaches({ protocol: 'tcp', to: b.address, port: 8080 }), 'the dataplane goes on')
    })
  }
})
