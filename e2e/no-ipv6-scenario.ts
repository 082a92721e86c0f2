/** A node whose kernel has no IPv6; run in the second kernel by no-ipv6.test.ts. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Namespace } from './lab/namespace.ts'
import { endpoint } from './lab/single-node.ts'
import { TortieNode } from './lab/tortie-node.ts'

const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-'))
const namespace = await Namespace.create(`tort${process.pid}-n`)
const options = { name: 'node-n', address: '10.99.0.1', asNumber: 64512, podCidr: '10.244.1.0/24', peers: [], directory }
const node = new TortieNode({ ...options, command: agentCommand() }, namespace)
t.teardown(async () => {
  if (!t.passing()) console.error(node.log)
  await namespace.remove()
  await rm(directory, { recursive: true })
})
await namespace.ip('link', 'add', 'tortweb', 'type', 'veth', 'peer', 'name', 'peer')
await node.writeConfig({ bgp: { enabled: false } })
await node.start()

const status = async () => (await node.request('GET', '/v1/status')).body

await t.test('a workload with IPv4 is connected and policed, and there is nothing to complain of', async (t) => {
  await node.apply(endpoint({ name: 'web', host: 10 }))
  t.match(await status(), { inSync: true, problems: { length: 0 }, iptables: { backend: 'legacy' } })
  t.match(await namespace.ip('route', 'show', '10.244.1.10'), 'dev tortweb')
  t.match(await namespace.run('iptables-legacy-save', ['-t', 'filter']), /-A FORWARD .*-j tort-FORWARD/)
})

await t.test('one that asks for IPv6, too, keeps IPv4; that the rest is left out is one warning', async (t) => {
  await node.apply(endpoint({ name: 'web', host: 10, ipv6: true }))
  const message = 'the kernel has no IPv6 (ipv6.disable=1?): it is left out of workload default/web'
  t.match(await status(), { inSync: true, problems: { length: 1, 0: { severity: 'warning', subject: 'node/ipv6', message } } })
  t.match(await namespace.ip('route', 'show', '10.244.1.10'), 'dev tortweb')
})

await t.test('the log has no complaint', async (t) => t.notMatch(node.log, /"level":[45]0/))
