/** The flow log with real packets, with each way of writing rules: what was decided about each connection, and by which policy and rule. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { FlowShown } from '../src/flows/flow.ts'
import type { Probe } from './lab/pod-messages.ts'
import { SingleNode } from './lab/single-node.ts'
import { TortieCommand } from './lab/tortie-command.ts'
import { until } from './lab/until.ts'

const policies = `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: web, namespace: default }
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
    - { action: Deny, protocol: TCP, destination: { ports: [9000] } }
    - { action: Reject, protocol: TCP, destination: { ports: [9001] } }
    - { action: Allow, source: { selector: role == 'client' } }
`
type Expected = {
  readonly verdict: FlowShown['verdict']
  readonly policy: string
  readonly rule?: number
  readonly port?: number
  readonly icmpType?: number
  readonly answered?: true
}

async function flows(node: SingleNode['node'], path: string): Promise<readonly FlowShown[]> {
  return ((await node.request('GET', path)).body as { flows: readonly FlowShown[] }).flows
}

for (const felix of [{ iptablesBackend: 'nft' }, { iptablesBackend: 'legacy' }, { nftablesMode: 'enabled' }])
  t.test(JSON.stringify(felix), async (t) => {
    const lab = await SingleNode.create(felix)
    t.teardown(() => lab.remove())
    const { node } = lab
    await node.start()
    const [web, client, guest] = await lab.addPods(
      { name: 'web', host: 10, labels: { app: 'web' }, ipv6: true },
      { name: 'client', host: 11, labels: { role: 'client' }, ipv6: true },
      { name: 'guest', host: 12, ipv6: true },
    )
    await node.apply(policies)
    const web6 = 'fd00:244:1::10'
    const allowed = { verdict: 'allowed', policy: 'NetworkPolicy default/web', rule: 2 } as const
    const nobody = { verdict: 'denied', policy: 'Tier default' } as const
    const table: [from: typeof client, probe: Probe, expected: Expected][] = [
      [client, { protocol: 'tcp', to: web.address, port: 8080 }, { ...allowed, port: 8080 }],
      [client, { protocol: 'udp', to: web.address, port: 8080 }, { ...allowed, port: 8080 }],
      [client, { protocol: 'icmp', to: web.address }, { ...allowed, icmpType: 8 }],
      [client, { protocol: 'tcp', to: web6, port: 8080 }, { ...allowed, port: 8080 }],
      [client, { protocol: 'icmp', to: web6 }, { ...allowed, icmpType: 128 }],
      [
        client,
        { protocol: 'tcp', to: web.address, port: 9000 },
        { verdict: 'denied', policy: 'NetworkPolicy default/web', rule: 0, port: 9000 },
      ],
      [
        client,
        { protocol: 'tcp', to: web6, port: 9001 },
        { verdict: 'denied', answered: true, policy: 'NetworkPolicy default/web', rule: 1, port: 9001 },
      ],
      [guest, { protocol: 'tcp', to: web.address, port: 8080 }, { ...nobody, port: 8080 }],
      [guest, { protocol: 'udp', to: web6, port: 8080 }, { ...nobody, port: 8080 }],
    ]
    for (const [from, probe, expected] of table)
      t.test(`${from.name} to ${probe.to} ${probe.protocol} ${'port' in probe ? probe.port : ''}: ${expected.verdict}`, async (t) => {
        t.equal(await from.isThrough(probe, expected.verdict === 'allowed'), expected.verdict === 'allowed')
        const path = `/v1/flows?from=default/${from.name}&to=${probe.to}&verdict=${expected.verdict}`
        const isIt = ({ protocol, port }: FlowShown) => String(protocol).startsWith(probe.protocol) && port === expected.port
        const flow = await until('the flow is logged', async () => (await flows(node, path)).find(isIt))
        t.match(flow, {
          ...expected,
          from: { namespace: 'default', name: from.name },
          to: { address: probe.to, namespace: 'default', name: 'web' },
        })
        t.notOk('differs' in flow)
      })

    t.test('what a workload may not send to its host', async (t) => {
      const probe = { protocol: 'tcp', to: '10.99.0.1', port: 22 } as const
      t.equal(await guest.isThrough(probe, false), false)
      const path = `/v1/flows?from=default/guest&to=${probe.to}`
      const flow = await until('the flow is logged', async () => (await flows(node, path))[0])
      t.match(flow, { verdict: 'denied', policy: 'FelixConfiguration defaultEndpointToHostAction', port: 22, inInterface: 'tortguest' })
    })

    t.test('what is dropped without asking a policy says why', async (t) => {
      const { namespace } = lab
      const [forged4, forged6, stray] = ['10.244.1.99', 'fd00:244:1::99', '10.244.1.98'] as const
      await guest.namespace.ip('addr', 'add', `${forged4}/32`, 'dev', 'eth0')
      await guest.namespace.ip('addr', 'add', `${forged6}/128`, 'dev', 'eth0', 'nodad')
      await namespace.ip('link', 'add', 'tortstray', 'type', 'veth', 'peer', 'name', 'stray')
      for (const name of ['tortstray', 'stray']) await namespace.ip('link', 'set', name, 'up')
      await namespace.ip('route', 'add', stray, 'dev', 'tortstray')
      const ping = (...args: readonly string[]) => guest.namespace.run('ping', ['-n', '-c', '1', '-W', '1', ...args])
      for (const [args, query, reason] of [
        [['-I', forged4, web.address], `from=${forged4}`, 'spoofed source'],
        [['-I', forged6, web6], `from=${forged6}`, 'spoofed source'],
        [[stray], `to=${stray}`, 'unknown interface'],
      ] as const) {
        await t.rejects(ping(...args))
        const flow = await until('the flow is logged', async () => (await flows(node, `/v1/flows?${query}`))[0])
        t.match(flow, { verdict: 'denied', reason, inInterface: 'tortguest', decisions: [] })
      }
      await namespace.ip('link', 'del', 'tortstray')
    })

    t.test('each rule of a policy counts what it met, and keeps its count when the policy is written anew', async (t) => {
      const denials = async () => {
        const { body } = await node.request('GET', '/metrics')
        const line =
          /^tortie_policy_rule_packets_total\{kind="NetworkPolicy",namespace="default",name="web",direction="ingress",rule="0",action="Deny"\} (\d+)$/m
        return Number(line.exec(String(body))?.[1] ?? 0)
      }
      const before = await until('the denied packets are counted', denials)
      const { items } = (await node.request('GET', '/v1/felix/chains')).body as {
        items: readonly { name: string; policy?: string; counters?: readonly { rule?: number; packets: number }[] }[]
      }
      const chain = items.find(({ name }) => name === 'chain filter/tort-pi-np/default/web (IPv4)')
      t.equal(chain?.policy, 'NetworkPolicy default/web')
      t.ok(
        chain?.counters?.some(({ rule, packets }) => rule === 2 && packets > 0),
        JSON.stringify(chain),
      )
      await node.apply(policies.replace('- { action: Allow', '- { action: Log }\n    - { action: Allow'))
      t.equal(await client.isThrough({ protocol: 'tcp', to: web.address, port: 9000 }, false), false)
      await until('it goes on from there', async () => (await denials()) > before)
      await node.apply(policies)
    })

    t.test('what a staged policy would deny is allowed, and says so', async (t) => {
      const staged = policies.replace('kind: NetworkPolicy', 'kind: StagedNetworkPolicy').replaceAll('action: Allow', 'action: Deny')
      await node.apply(staged.replace('name: web,', 'name: next,').replace('spec:', 'spec:\n  order: 1'))
      const port = 8080
      t.equal(await client.isThrough({ protocol: 'tcp', to: web.address, port }, true), true)
      const flow = await until('it is judged anew', async () =>
        (await flows(node, `/v1/flows?from=default/client&to=${web.address}&policy=next`)).find(
          (one) => one.port === port && one.protocol === 'tcp',
        ),
      )
      t.match(flow, { verdict: 'allowed', policy: 'NetworkPolicy default/web', pending: [{ outcome: 'Deny', rule: 2 }] })
    })

    t.test('tortie flows --watch tells each denied connection', async (t) => {
      const watch = new TortieCommand(node, ['flows', '--watch', '--verdict', 'denied'])
      await until('it has begun', () => watch.out.includes('DECIDED BY'))
      t.equal(await guest.isThrough({ protocol: 'tcp', to: web.address, port: 8443 }, false), false)
      await until('the line is there', () =>
        /denied +default\/guest \(10\.244\.1\.12\) +default\/web \(10\.244\.1\.10\) +tcp 8443 +\d+ +.*Tier default/.test(watch.out),
      )
      t.notMatch(watch.out, /allowed/)
      watch.child.kill('SIGINT')
      t.equal((await watch.result()).code, 130)
    })

    t.test('kernel and policies agreed about all of it', async (t) => {
      t.match((await node.request('GET', '/metrics')).body, /^tortie_flows_differing_total 0$/m)
    })
  })

t.test('a flood is seen in part, counted, and costs the agent little', async (t) => {
  const lab = await SingleNode.create({ flowLog: { perSecond: 10_000, flows: 64 } })
  t.teardown(() => lab.remove())
  const { node } = lab
  await node.start()
  const [web, guest] = await lab.addPods({ name: 'web', host: 10, labels: { app: 'web' } }, { name: 'guest', host: 12 })
  await node.apply(policies)
  const cpuBefore = cpuSeconds(node.pid)
  const beganMs = performance.now()
  await guest.namespace.run(process.execPath, ['-e', flood, web.address, '60000'])
  const last = await until('what comes after it is logged', async () => {
    await guest.isThrough({ protocol: 'tcp', to: web.address, port: 8080 }, false)
    return (await flows(node, '/v1/flows?verdict=denied')).find(({ port, protocol }) => port === 8080 && protocol === 'tcp')
  })
  t.match(last, { from: { name: 'guest' }, policy: 'Tier default' })
  const share = (cpuSeconds(node.pid) - cpuBefore) / ((performance.now() - beganMs) / 1_000)
  t.comment(`the agent took ${(share * 100).toFixed(1)} % of a core`)
  t.ok(share < 0.5, `${share}`)
  const { total } = (await node.request('GET', '/v1/flows')).body as { total: number }
  t.ok(total <= 64, `${total}`)
  const metrics = String((await node.request('GET', '/metrics')).body)
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN)
  t.ok(value('tortie_flows_forgotten_total') > 0)
  t.comment(
    `read ${value('tortie_flow_packets_total\\{verdict="denied"\\}')}, lost ${value('tortie_flow_copies_lost_total')}, unjudged ${value('tortie_flows_unjudged_total')}`,
  )
})

/** Datagrams to as many ports as there are. */
const flood = `
const [address, count] = process.argv.slice(1)
const socket = require('node:dgram').createSocket('udp4')
const send = (n) => {
  if (n === Number(count)) return socket.close()
  socket.send('x', 1 + n % 65000, address, () => send(n + 1))
}
send(0)
`

/** Time on a CPU since it began. Linux counts it in hundredths of a second (USER_HZ). */
function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
