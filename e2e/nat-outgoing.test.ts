/** `natOutgoing` of an IPPool with real packets: the machine outside has no route to pods, so it answers only what comes from the node. */
import t from 'tap'
import { stringify } from 'yaml'
import { SingleNode } from './lab/single-node.ts'

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
const { node, outside } = lab
await node.start()
const [web, client] = await lab.addPods({ name: 'web', host: 10 }, { name: 'client', host: 11 })
await outside.namespace.ip('route', 'del', 'default')
await outside.namespace.ip('route', 'add', '10.99.0.1', 'dev', 'eth0')

const pool = (spec: object) =>
  stringify({ apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'pods' }, spec: { cidr: '10.244.0.0/16', ...spec } })
const http = (to: string) => ({ protocol: 'tcp', to, port: 8080 }) as const
const natChains = async () => (await lab.rules()).filter((rule) => rule.includes('tort-nat-outgoing'))

t.test('without it a pod speaks under its own address, which nobody outside can answer', async (t) => {
  await node.apply(pool({}))
  t.equal(await client.isThrough(http(outside.address), false), false)
  t.strictSame(await natChains(), [])
})

t.test('with it a pod speaks to the world under the address of its node', async (t) => {
  await node.apply(pool({ natOutgoing: true }))
  t.equal(await client.reaches(http(outside.address)), true)
  t.equal(await client.reaches({ protocol: 'icmp', to: outside.address }), true)
  t.equal(await client.reaches(http(web.address)), true, 'and to other pods as before')
  t.equal((await natChains()).length, 2)
})

t.test('a disabled pool goes on; taken back, the chain goes too', async (t) => {
  await node.apply(pool({ natOutgoing: true, disabled: true }))
  t.equal(await client.reaches(http(outside.address)), true)
  await node.apply(pool({}))
  t.strictSame(await natChains(), [])
  t.equal(await client.isThrough(http(outside.address), false), false)
})
