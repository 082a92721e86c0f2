/** Workloads with real packets: whose addresses they send from, and what no policy takes from them (resource reference §6.9, §6.13). */
import t from 'tap'
import { gnp, tcp, verdicts } from './lab/host-lab.ts'
import type { Pod } from './lab/pod.ts'
import { endpoint, type PodOptions, SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
const { outside, namespace } = lab
await lab.node.start()
const webOptions: PodOptions = { name: 'web', host: 10, ipv6: true }
const [web, other] = await lab.addPods(webOptions, { name: 'other', host: 11, ipv6: true })
await namespace.ip('addr', 'add', 'fd00:99::1/64', 'dev', 'eth0', 'nodad')
await outside.addIpv6(namespace, 'fd00:99::9', 'eth0')

/** Whether one of three echo requests from that source gets its answer: a neighbour that is being looked for may cost one. */
async function pings(from: Pod, source: string, to: string): Promise<boolean> {
  const ping = from.namespace.run('ping', ['-n', '-c', '3', '-i', '0.5', '-W', '2', '-I', source, to])
  return ping.then(
    () => true,
    () => false,
  )
}

const sources = ['10.244.1.10', '10.244.1.99', 'fd00:244:1::10', 'fd00:244:1::99']

async function pingsOf(list: readonly string[]): Promise<readonly boolean[]> {
  return Promise.all(list.map((source) => pings(web, source, source.includes(':') ? 'fd00:99::9' : outside.address)))
}

// IPv6 of a new link has to make sure of its addresses first
await until('the workload is answered in both families', async () => (await pingsOf(['10.244.1.10', 'fd00:244:1::10'])).every(Boolean))

t.test('§6.9 a workload sends from its own addresses only, also where the way back to others’ leads to it', async (t) => {
  await web.namespace.ip('addr', 'add', '10.244.1.99/32', 'dev', 'eth0')
  await web.namespace.ip('addr', 'add', 'fd00:244:1::99/128', 'dev', 'eth0', 'nodad')
  t.strictSame(await pingsOf(sources), [true, false, true, false], 'no way back')
  for (const address of ['10.244.1.99', 'fd00:244:1::99']) await namespace.ip('route', 'add', address, 'dev', 'tortweb')
  t.strictSame(await pingsOf(sources), [true, false, true, false], 'a way back, and still not its own')
})

const configuration = (workloadSourceSpoofing: string) => `
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: { name: default }
spec: { workloadSourceSpoofing: ${workloadSourceSpoofing} }
`

t.test('§6.9 allowSpoofedSourcePrefixes count once FelixConfiguration says Any, and no longer, live', async (t) => {
  const allowSpoofedSourcePrefixes = ['10.244.1.96/29', 'fd00:244:1::90/124']
  await lab.node.apply(endpoint({ ...webOptions, spec: { allowSpoofedSourcePrefixes } }))
  t.strictSame(await pingsOf(sources), [true, false, true, false])
  await lab.node.apply(configuration('Any'))
  t.strictSame(await pingsOf(sources), [true, true, true, true])
  await lab.node.apply(configuration('Disabled'))
  t.strictSame(await pingsOf(sources), [true, false, true, false])
  await lab.node.delete(configuration('Disabled'))
})

t.test('RFC 4861: neighbours on the link are found under policies that deny everything, through the node', async (t) => {
  const shut = gnp('shut', '{ selector: has(projectcalico.org/namespace), ingress: [{ action: Deny }], egress: [{ action: Deny }] }')
  await lab.node.apply(shut)
  await web.namespace.ip('-6', 'route', 'add', 'fd00:244:1::11', 'dev', 'eth0')
  await web.namespace.ip('route', 'add', '10.244.1.11', 'dev', 'eth0')
  await namespace.ip('-6', 'neigh', 'add', 'proxy', 'fd00:244:1::11', 'dev', 'tortweb')
  await verdicts(t, [
    ['no packet', web, tcp(other.address), false],
    ['no packet of IPv6', web, tcp('fd00:244:1::11'), false],
  ])
  // who answers for another one takes its time (RFC 4861 §7.2.8), and who has asked in vain gives up until the next packet
  await until('both have been found', async () => {
    for (const address of [other.address, 'fd00:244:1::11']) await web.isThrough(tcp(address), false)
    const neighbours = await web.namespace.ip('neigh', 'show')
    return ['10.244.1.11', 'fd00:244:1::11'].every((address) => new RegExp(`^${address} dev eth0 lladdr`, 'm').test(neighbours))
  })
  await lab.node.delete(shut)
  await verdicts(t, [
    ['on the link', web, tcp(other.address), true],
    ['on the link, IPv6', web, tcp('fd00:244:1::11'), true],
  ])
})

t.test('CVE-2020-13597: the node takes no router advertisement from a workload', async (t) => {
  t.equal((await namespace.run('sysctl', ['-n', 'net.ipv6.conf.tortweb.accept_ra'])).trim(), '0')
})
