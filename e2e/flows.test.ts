/** The flow log with real packets: what was decided about each connection, and by which policy and rule. */
import t from 'tap'
import type { FlowShown } from '../src/flows/flow.ts'
import type { Probe } from './lab/pod.ts'
import { SingleNode } from './lab/single-node.ts'
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

for (const backend of ['nft', 'legacy'] as const)
  t.test(`iptables-${backend}`, async (t) => {
    const lab = await SingleNode.create({ iptablesBackend: backend })
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
  })
