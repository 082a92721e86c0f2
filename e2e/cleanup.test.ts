/** `tortie agent --cleanup` on a node that others use too: afterwards their kernel is as it was before the first agent. */

import path from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { endpoint, type PodOptions, SingleNode } from './lab/single-node.ts'

const web: PodOptions = { name: 'web', host: 10, labels: { app: 'web' }, ipv6: true }
const policy = `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: web }
spec:
  selector: app == 'web'
  ingress: [{ action: Allow, protocol: TCP, source: { selector: role == 'client' }, destination: { ports: [8080] } }]
`

/** Docker, kube-proxy, a firewall of the machine's owner. */
const theirs: readonly (readonly string[])[] = [
  ['nat', '-N', 'DOCKER'],
  ['nat', '-A', 'PREROUTING', '-m', 'addrtype', '--dst-type', 'LOCAL', '-j', 'DOCKER'],
  ['nat', '-N', 'KUBE-SERVICES'],
  ['nat', '-A', 'OUTPUT', '-m', 'comment', '--comment', 'kubernetes service portals', '-j', 'KUBE-SERVICES'],
  ['nat', '-A', 'POSTROUTING', '!', '-o', 'lo', '-m', 'mark', '--mark', '0x4000/0x4000', '-j', 'MASQUERADE'],
  ['filter', '-P', 'FORWARD', 'DROP'],
  ['filter', '-N', 'DOCKER-USER'],
  ['filter', '-A', 'FORWARD', '-j', 'DOCKER-USER'],
  ['filter', '-A', 'INPUT', '-m', 'set', '--match-set', 'blocked', 'src', '-j', 'DROP'],
  ['mangle', '-A', 'FORWARD', '-p', 'tcp', '--tcp-flags', 'SYN,RST', 'SYN', '-j', 'TCPMSS', '--clamp-mss-to-pmtu'],
  ['raw', '-A', 'PREROUTING', '-p', 'udp', '--dport', '4789', '-j', 'NOTRACK'],
]

async function othersSettle({ namespace }: SingleNode): Promise<void> {
  await namespace.run('ipset', ['create', 'blocked', 'hash:net'])
  await namespace.run('ipset', ['add', 'blocked', '192.0.2.0/24'])
  for (const tool of ['iptables-nft', 'iptables-legacy', 'ip6tables-nft', 'ip6tables-legacy']) {
    const possible = theirs.filter((rule) => tool.startsWith('iptables') || !rule.includes('blocked'))
    for (const [table = '', ...rule] of possible) await namespace.run(tool, ['-w', '-t', table, ...rule])
  }
  await namespace.ip('route', 'add', '198.51.100.0/24', 'via', '10.99.0.9', 'proto', 'static')
  await namespace.ip('route', 'add', '203.0.113.0/24', 'via', '10.99.0.9', 'proto', '80')
  await namespace.ip('route', 'add', '10.244.9.0/24', 'via', '10.99.0.9', 'proto', '116', 'table', '99')
  await namespace.ip('-6', 'route', 'add', 'blackhole', 'fd07::/64', 'proto', 'bird')
}

/** Rules, sets, routes and addresses, of whomever; built-in chains that accept and hold nothing are no rules. */
async function snapshot({ namespace }: SingleNode): Promise<readonly string[]> {
  const saves = ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save']
  const rules = await Promise.all(
    saves.map(async (tool) =>
      (await namespace.run(tool, []))
        .split('\n')
        .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
        .filter((line) => line.startsWith('-A') || (line.startsWith(':') && !line.endsWith(' ACCEPT')))
        .map((line) => `${tool} ${line}`),
    ),
  )
  const others = await Promise.all([
    namespace.run('ipset', ['save']),
    ...[['-4'], ['-6']].map((family) => namespace.ip(...family, 'route', 'show', 'table', 'all')),
    namespace.ip('-4', 'address', 'show'),
    namespace.ip('rule', 'show'),
  ])
  // link-local addresses and what comes with them are the kernel's own, as is the order of what it makes by itself
  const lines = others.flatMap((text) => text.split('\n')).filter((line) => !/fe80::|ff00::/.test(line))
  return [...rules.flat(), ...lines.map((line) => line.trimEnd()).toSorted()]
}

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`after an agent with iptables-${backend}`, async (t) => {
    const lab = await SingleNode.create({ iptablesBackend: backend })
    t.teardown(() => lab.remove())
    const { node, namespace } = lab
    const [command = '', ...args] = node.options.command
    const cleanUp = async () => {
      const agent = [...args, 'agent', '--config', path.join(node.options.directory, 'tortie.yaml'), '--cleanup']
      const { exitCode, stdout, stderr } = await execa('ip', ['netns', 'exec', namespace.name, command, ...agent], { reject: false })
      return { exitCode, stdout, stderr }
    }
    await lab.makePod(web)
    await namespace.ip('link', 'set', 'tortweb', 'up')
    await othersSettle(lab)
    const before = await snapshot(lab)
    t.strictSame(await cleanUp(), { exitCode: 0, stdout: 'nothing of Tortie was in the kernel', stderr: '' })

    await node.start()
    await node.apply(`${endpoint(web)}---\n${policy}`)

    await t.test('while the agent runs it is refused and changes nothing', async (t) => {
      const during = await snapshot(lab)
      t.match(await cleanUp(), { exitCode: 1, stdout: '', stderr: /^tortie: an agent runs on .*: stop it first, then clean up$/ })
      t.strictSame(await snapshot(lab), during)
    })

    await t.test('everything of ours goes, and nothing else', async (t) => {
      await node.end('SIGTERM')
      t.not((await snapshot(lab)).length, before.length)
      t.match(await cleanUp(), { exitCode: 0, stdout: /^removed \d+ routes, \d+ rules in .*, \d+ chains, \d+ IP sets?$/, stderr: '' })
      t.strictSame(await snapshot(lab), before)
      t.strictSame(await cleanUp(), { exitCode: 0, stdout: 'nothing of Tortie was in the kernel', stderr: '' })
    })

    await t.test('the agent that is started again programs everything anew', async (t) => {
      await node.start()
      t.not((await snapshot(lab)).length, before.length)
      await node.end('SIGTERM')
    })
  })
}
