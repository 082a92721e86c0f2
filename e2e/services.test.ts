/** A rule that names a service on a running node: a slice changes members and no rule, what a set cannot hold is told and closed. */
import t from 'tap'
import { type PodOptions, SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'

const pods = {
  one: { name: 'one', host: 10 },
  two: { name: 'two', host: 11 },
  client: { name: 'client', host: 12, labels: { role: 'client' } },
} as const satisfies Record<string, PodOptions>

const policy = `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: client, namespace: default }
spec:
  selector: role == 'client'
  types: [Egress]
  egress: [{ action: Allow, destination: { services: { name: web } } }]
`
const slice = (...hosts: readonly number[]) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-x, generateName: web-, namespace: default, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
endpoints: [${hosts.map((host) => `{ addresses: [10.244.1.${host}], conditions: { ready: true } }`).join(', ')}]
ports: [{ name: http, protocol: TCP, port: 8080 }]
`
const mostMembers = (maxIpsetSize: number) => `
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: { name: default }
spec: { maxIpsetSize: ${maxIpsetSize} }
`

const backends: ReadonlyMap<string, { readonly felix: Readonly<Record<string, string>>; readonly table: string }> = new Map([
  ['iptables-nft', { felix: { iptablesBackend: 'nft' }, table: 'filter' }],
  ['nftables itself', { felix: { nftablesMode: 'enabled' }, table: 'tortie' }],
])

for (const [name, { felix, table }] of backends) {
  t.test(name, async (t) => {
    const lab = await SingleNode.create(felix)
    t.teardown(() => lab.remove())
    const { node, namespace } = lab
    await node.start()
    const [one, two, client] = await lab.addPods(pods.one, pods.two, pods.client)
    const connects = (to: typeof one, expected: boolean) => client.isThrough({ protocol: 'tcp', to: to.address, port: 8080 }, expected)
    /** With handles, which change where something is written again; without members. */
    const written = async () =>
      (await namespace.run('nft', ['-a', '-s', 'list', 'table', 'ip', table])).replaceAll(/elements = \{[^}]*\}\s*/g, '')

    await t.test('the service is open, what is no part of it is not', async (t) => {
      await node.apply([policy, slice(10)].join('---'))
      t.strictSame([await connects(one, true), await connects(two, false)], [true, false])
    })

    await t.test('a slice that changes is enforced, and not a rule is written', async (t) => {
      const before = await written()
      await node.apply(slice(11))
      t.strictSame([await connects(one, false), await connects(two, true)], [false, true])
      await node.apply(slice(10, 11))
      t.strictSame([await connects(one, true), await connects(two, true)], [true, true])
      t.equal(await written(), before)
    })

    await t.test('explain says which condition fails', async (t) => {
      const asked = async (port: number) => {
        const { body } = await node.request('GET', `/v1/explain?from=default/client&to=default/one&port=${port}`)
        const { verdict, steps } = body as { verdict: string; steps: readonly { subject: string; rule?: number; mismatch?: string }[] }
        const step = steps.find(({ subject, rule }) => subject === 'NetworkPolicy default/client' && rule === 0)
        return [verdict, step?.mismatch]
      }
      t.strictSame(
        [await asked(8080), await asked(80)],
        [
          ['Allow', undefined],
          ['Deny', 'destination.services'],
        ],
      )
    })

    await t.test('a dry run of a slice tells the flows that would change', async (t) => {
      const { body } = await node.request('POST', '/v1/apply?dryRun=true', slice(11))
      const { changes } = (body as { flows: { changes: readonly object[] } }).flows
      t.match(changes, [{ from: ['default/client'], to: ['default/one'], traffic: ['tcp/8080'], before: 'Allow', after: 'Deny' }])
      t.equal(changes.length, 1)
    })

    await t.test('without its slices the service is nobody', async (t) => {
      await node.delete(slice())
      t.strictSame([await connects(one, false), await connects(two, false)], [false, false])
      const { body } = await node.request('GET', '/v1/status')
      t.match(body, {
        problems: [{ severity: 'warning', subject: 'networkpolicy/default/client', message: /^names service default\/web without/ }],
      })
    })
  })
}

t.test('more endpoints than a set may have: the policy is closed and told by its name, and heals', async (t) => {
  const lab = await SingleNode.create({ iptablesBackend: 'nft' })
  t.teardown(() => lab.remove())
  const { node } = lab
  await node.start()
  const [one, client] = await lab.addPods(pods.one, pods.client)
  const connects = (expected: boolean) => client.isThrough({ protocol: 'tcp', to: one.address, port: 8080 }, expected)
  const problems = async () =>
    ((await node.request('GET', '/v1/status')).body as { problems: readonly { subject: string; message: string }[] }).problems
  await node.apply([mostMembers(3), policy, slice(10, 11, 12, 13, 14)].join('---'))
  await until('the policy is told', async () => (await problems()).some(({ subject }) => subject === 'networkpolicy/default/client'))
  t.match(
    (await problems()).find(({ subject }) => subject === 'networkpolicy/default/client'),
    { severity: 'error', message: /[Hh]ash is full/ },
  )
  t.equal(await connects(false), false)
  await node.apply(slice(10, 11))
  await until('no problem is left', async () => (await problems()).length === 0)
  t.equal(await connects(true), true)
})
