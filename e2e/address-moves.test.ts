/** An address that gets another workload, with real connections: they do not outlive what its policy says of them. */
import t, { type Test } from 'tap'
import type { Pod } from './lab/pod.ts'
import { endpoint, type PodOptions, SingleNode } from './lab/single-node.ts'

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
await lab.node.start()
const { namespace, outside } = lab
const webOptions: PodOptions = { name: 'web', host: 10, labels: { app: 'web' }, ipv6: true }
/** Another workload, which has the address later; in the same machine, so that the sockets there go on. */
const nextOptions: PodOptions = { ...webOptions, name: 'znext', labels: { app: 'next' } }
const ports = { denied: 9000, allowed: 9001 }

await lab.node.apply(`
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: next }
spec:
  selector: app == 'next'
  ingress:
    - { action: Allow, protocol: TCP, destination: { ports: [${ports.allowed}] } }
  types: [Ingress, Egress]
`)
const [web, client, other] = await lab.addPods(
  webOptions,
  { name: 'client', host: 11, ipv6: true },
  { name: 'other', host: 12, ipv6: true },
)
await namespace.ip('link', 'add', 'tortznext', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', web.namespace.name)
await web.namespace.ip('link', 'set', 'eth1', 'up')
for (const pod of [web, other]) for (const port of Object.values(ports)) await pod.listen('tcp', port)

const addresses = (host: number) => [`10.244.1.${host}`, `fd00:244:1::${host}`] as const

/** The addresses and the ways out of the pod move from one of its interfaces to the other. */
async function moveLinks(from: 'eth0' | 'eth1', to: 'eth0' | 'eth1'): Promise<void> {
  const [address4, address6] = addresses(10)
  const hostSide = to === 'eth0' ? 'tortweb' : 'tortznext'
  await web.namespace.ip('addr', 'del', `${address4}/32`, 'dev', from)
  await web.namespace.ip('addr', 'del', `${address6}/128`, 'dev', from)
  await web.namespace.ip('addr', 'add', `${address4}/32`, 'dev', to)
  await web.namespace.ip('route', 'replace', 'default', 'via', '169.254.1.1', 'dev', to, 'onlink')
  await web.addIpv6(namespace, address6, hostSide, to)
}

type Open = { readonly title: string; readonly stays: boolean; readonly isAlive: () => Promise<boolean> }

async function openAll(): Promise<readonly Open[]> {
  const open = async (title: string, from: Pod, to: string, port: number, stays: boolean): Promise<Open> => ({
    title: `${title}, ${to} port ${port}`,
    stays,
    isAlive: await from.connect(to, port),
  })
  const [web4, web6] = addresses(10)
  return Promise.all([
    open('from a pod', client, web4, ports.denied, false),
    open('from a pod', client, web6, ports.denied, false),
    open('from outside', outside, web4, ports.denied, false),
    open('what its policy allows goes on', client, web4, ports.allowed, true),
    open('what its policy allows goes on', client, web6, ports.allowed, true),
    ...addresses(12).map((address) => open('others go on', client, address, ports.denied, true)),
  ])
}

async function alive(t: Test, connections: readonly Open[], expected: (open: Open) => boolean): Promise<void> {
  const seen = await Promise.all(connections.map(async (open) => [open.title, await open.isAlive()]))
  t.strictSame(
    seen,
    connections.map((open) => [open.title, expected(open)]),
  )
}

t.test('a workload goes, another one comes with its address: it inherits no connection that its policy denies', async (t) => {
  const connections = await openAll()
  await alive(t, connections, () => true)
  await lab.node.delete(endpoint(webOptions))
  await moveLinks('eth0', 'eth1')
  await lab.node.apply(endpoint(nextOptions))
  await alive(t, connections, ({ stays }) => stays)
  await lab.node.delete(endpoint(nextOptions))
  await moveLinks('eth1', 'eth0')
  await lab.node.apply(endpoint(webOptions))
})

t.test('two workloads with one address: when the first of them goes the other one has it, but not its connections', async (t) => {
  const connections = await openAll()
  await lab.node.apply(endpoint(nextOptions))
  await alive(t, connections, () => true)
  await moveLinks('eth0', 'eth1')
  await lab.node.delete(endpoint(webOptions))
  await alive(t, connections, ({ stays }) => stays)
  const { body } = await lab.node.request('GET', '/v1/status')
  t.match(body, { problems: [] })
  t.ok((body as { policy: { connectionsDeleted: number } }).policy.connectionsDeleted > 0, 'what was deleted is counted')
})
