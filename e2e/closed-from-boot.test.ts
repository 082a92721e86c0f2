/** deploy/systemd/closed.rules keeps workloads off the network until the agent has its own chains, whichever iptables either of them uses. */
import path from 'node:path'
import t from 'tap'
import { SingleNode } from './lab/single-node.ts'

const file = path.join(import.meta.dirname, '../deploy/systemd/closed.rules')

const closed = [
  '-A INPUT -i tort+ -m comment --comment "tortie:closed-from-boot" -j tort-closed',
  '-A FORWARD -m comment --comment "tortie:closed-from-boot" -j tort-closed',
  '-A tort-closed -i tort+ -j DROP',
  '-A tort-closed -o tort+ -j DROP',
]

const table = [
  ['nft', 'nft'],
  ['legacy', 'legacy'],
  ['nft', 'legacy'],
  ['legacy', 'nft'],
] as const
for (const [atBoot, iptablesBackend] of table)
  t.test(`closed with ${atBoot}, opened by an agent that uses ${iptablesBackend}`, async (t) => {
    const lab = await SingleNode.create({ iptablesBackend })
    t.teardown(() => lab.remove())
    const rules = async (tool: string) => (await lab.rules(`${tool}-${atBoot}-save`)).filter((line) => line.includes('closed'))
    for (const tool of ['iptables', 'ip6tables']) {
      await lab.namespace.run(`${tool}-${atBoot}-restore`, ['--noflush', '--wait', '5', file])
      t.strictSame(await rules(tool), closed, tool)
    }
    await lab.node.start()
    for (const tool of ['iptables', 'ip6tables']) t.strictSame(await rules(tool), [], tool)
    const [web, client] = await lab.addPods({ name: 'web', host: 10 }, { name: 'client', host: 11 })
    t.equal(await client.reaches({ protocol: 'tcp', to: web.address, port: 8080 }), true)
  })
