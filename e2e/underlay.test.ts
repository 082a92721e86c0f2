/** What the kernel does to learned routes when the link or address below them goes: without a word for IPv4 (LAB), so they are looked after. */
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import { soonSec, until } from './lab/until.ts'

const cluster = await Cluster.create({ holdTimeSec: 9, command: agentCommand() })
t.teardown(() => cluster.remove())
const { nodeA, nodeB } = cluster
const { namespace } = nodeA
await cluster.start()
const [podA, podB] = await Promise.all([nodeA.addPod('one', '10.244.1.10', {}), nodeB.addPod('two', '10.244.2.10', {})])
const learned = async () =>
  (await namespace.ip('route', 'show', 'proto', '116'))
    .split('\n')
    .filter((line) => line.includes('via'))
    .sort()
await until('three routes are learned', async () => (await learned()).length === 3)
const right = await learned()
const areBack = async () => (await learned()).join() === right.join()
const reaches = () => podA.reaches({ protocol: 'icmp', to: podB.address })

t.test('the underlay link goes down and up: its routes are back', async (t) => {
  t.equal(await reaches(), true)
  await namespace.ip('link', 'set', 'eth0', 'down')
  t.strictSame(await learned(), [], 'the kernel took them')
  await namespace.ip('link', 'set', 'eth0', 'up')
  await until('the routes are back', areBack, soonSec)
  await until('the pods reach each other', reaches, soonSec)
  t.equal(await reaches(), true)
})

t.test('down and up in one moment', async (t) => {
  for (let i = 0; i < 5; i++)
    await namespace.run('ip', ['link', 'set', 'eth0', 'down']).then(() => namespace.ip('link', 'set', 'eth0', 'up'))
  await until('the routes are back', areBack, soonSec)
  await until('the pods reach each other', reaches, soonSec)
  t.strictSame(await learned(), right)
})

t.test('the underlay address is removed and comes back', async (t) => {
  await namespace.ip('addr', 'del', '10.99.0.1/24', 'dev', 'eth0')
  await until('the routes are gone', async () => (await learned()).length === 0, soonSec)
  await namespace.ip('addr', 'add', '10.99.0.1/24', 'dev', 'eth0')
  await until('the routes are back', areBack, soonSec)
  await until('the pods reach each other', reaches, soonSec)
  t.strictSame(await learned(), right)
})

t.test('another address on the underlay changes nothing', async (t) => {
  await namespace.ip('addr', 'add', '10.98.0.1/24', 'dev', 'eth0')
  t.strictSame(await learned(), right)
  await namespace.ip('addr', 'del', '10.98.0.1/24', 'dev', 'eth0')
  t.equal(await reaches(), true)
  t.strictSame(await learned(), right)
})

t.test('somebody flushes every route we own', async (t) => {
  await namespace.ip('route', 'flush', 'proto', '116')
  await until('the routes are back', areBack, soonSec)
  await until('the pods reach each other', reaches, soonSec)
  t.match(await namespace.ip('route', 'show', '10.244.1.0/24'), 'blackhole')
})
