/** The clock of the wall is set back an hour, and on again, under a running node: no timer misfires, no session ends, drift is still repaired. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import { until } from './lab/until.ts'

type Peer = { readonly name: string; readonly state: string; readonly flaps: number; readonly messages: { readonly received: number } }

// libfaketime answers for the wall clock only, as a machine whose time is set does: the monotonic clock runs on.
const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-clock-'))
t.teardown(() => rm(directory, { recursive: true }))
const offset = path.join(directory, 'offset')
const setClock = (by: string) => writeFile(offset, `${by}\n`)
await setClock('+0s')
const library = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`
const faked = [`LD_PRELOAD=${library}`, `FAKETIME_TIMESTAMP_FILE=${offset}`, 'FAKETIME_NO_CACHE=1', 'DONT_FAKE_MONOTONIC=1']
const cluster = await Cluster.create({ holdTimeSec: 3, command: ['env', ...faked, ...agentCommand()] })
t.teardown(() => cluster.remove())
const { nodeA } = cluster
await cluster.start()

async function peers(): Promise<readonly Peer[]> {
  return ((await nodeA.request('GET', '/v1/bgp/peers')).body as { peers: readonly Peer[] }).peers
}

await until('all peers are Established', async () => {
  const now = await peers()
  return now.length === 3 && now.every(({ state }) => state === 'Established')
})

/** What the agent takes the time to be: the creationTimestamp of something new. */
async function agentsClockMs(name: string): Promise<number> {
  await nodeA.apply(`{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}`)
  const { body } = await nodeA.request('GET', `/api/v1/namespaces/${name}`)
  return Date.parse((body as { metadata: { creationTimestamp: string } }).metadata.creationTimestamp)
}

const steps: readonly [title: string, by: string, hours: number][] = [
  ['an hour back', '-3600s', -1],
  ['a day on', '+86400s', 24],
]
for (const [title, by, hours] of steps) {
  t.test(title, async (t) => {
    const before = await peers()
    await setClock(by)
    const seen = (await agentsClockMs(`clock-${hours < 0 ? 'back' : 'on'}`)) - Date.now()
    t.equal(Math.round(seen / 3_600_000), hours, 'the agent sees the new time, and a write is programmed')

    await t.test('sessions outlive their hold time of 3 s: keepalives go both ways', async (t) => {
      const received = new Map(before.map(({ name, messages }) => [name, messages.received]))
      // Four keepalives at an interval of 1 s: longer than the hold time of both ends.
      const after = await until('four more messages of each peer', async () => {
        const now = await peers()
        return now.every(({ name, messages }) => messages.received >= (received.get(name) ?? 0) + 4) ? now : undefined
      })
      const flaps = (list: readonly Peer[]) => list.map(({ name, state, flaps }) => [name, state, flaps])
      t.strictSame(flaps(after), flaps(before))
    })

    await t.test('the checks of the kernel go on: rules that somebody flushed come back', async () => {
      const forward = () => nodeA.namespace.run('iptables', ['-S', 'FORWARD'])
      await nodeA.namespace.run('iptables', ['-F', 'FORWARD'])
      await nodeA.apply(`{apiVersion: v1, kind: Namespace, metadata: {name: after-${hours < 0 ? 'back' : 'on'}, labels: {step: here}}}`)
      await until('the jump is back', async () => (await forward()).includes('-j tort-FORWARD'), 120)
    })
  })
}
