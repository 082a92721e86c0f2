/** A policy that the kernel cannot hold, with both kinds of iptables: it is closed and told by its name, all others are enforced, and it heals. */
import t from 'tap'
import { type PodOptions, SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'

const pods = {
  web: { name: 'web', host: 10, labels: { app: 'web' } },
  db: { name: 'db', host: 11, labels: { app: 'db' } },
  client: { name: 'client', host: 12, labels: { role: 'client' } },
  other: { name: 'other', host: 13, labels: { role: 'other' } },
} as const satisfies Record<string, PodOptions>

/** `db` lets in whoever is not in a set of five, which is one more than a set may have. */
const policies = `
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: { name: default }
spec: { maxIpsetSize: 4 }
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: { name: blocked, labels: { list: blocked } }
spec: { nets: [198.51.100.1, 198.51.100.2, 198.51.100.3, 198.51.100.4, 10.244.1.13] }
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: db, namespace: default }
spec:
  selector: app == 'db'
  ingress: [{ action: Allow, protocol: TCP, source: { notSelector: list == 'blocked' } }]
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: web }
spec:
  selector: app == 'web'
  ingress: [{ action: Allow, protocol: TCP, source: { selector: role == 'client' } }]
`
const larger = `
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: { name: default }
spec: { maxIpsetSize: 100 }
`

type Unprogrammed = readonly { readonly subject: string; readonly state: string; readonly reason: string }[]

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`iptables-${backend}`, async (t) => {
    const lab = await SingleNode.create({ iptablesBackend: backend })
    t.teardown(() => lab.remove())
    const { node } = lab
    await node.start()
    const [web, db, client, other] = await lab.addPods(pods.web, pods.db, pods.client, pods.other)
    const { status, body } = await node.request('POST', '/v1/apply?wait=30', policies)
    const problems = async () =>
      ((await node.request('GET', '/v1/status')).body as { problems: readonly { subject: string; message: string }[] }).problems
    const connects = (from: typeof web, to: typeof web, expected: boolean) =>
      from.isThrough({ protocol: 'tcp', to: to.address, port: 8080 }, expected)

    await t.test('the answer does not wait for what the kernel cannot hold, and names the policy', async (t) => {
      t.equal(status, 200)
      const { unprogrammed } = body as { unprogrammed: Unprogrammed }
      const set = unprogrammed.find(({ subject }) => subject.startsWith('IP set tort4'))
      t.match(set, { state: 'failed', reason: /[Hh]ash is full/ })
      t.match(
        unprogrammed.find(({ subject }) => subject === 'networkpolicy/default/db'),
        {
          state: 'failed',
          reason:
            /^chain filter\/tort-pi-\S+ \(IPv4\): IP set tort4\S+: .*[Hh]ash is full.*; until it is programmed, what comes to it is dropped$/,
        },
      )
      t.equal(unprogrammed.length, 2)
    })

    await t.test('the policy is closed, though half a negated set would let everybody in; the others are enforced', async (t) => {
      t.equal(await connects(client, db, false), false)
      t.equal(await connects(other, db, false), false)
      t.equal(await connects(client, web, true), true)
      t.equal(await connects(other, web, false), false)
      t.match(
        (await problems()).find(({ subject }) => subject === 'networkpolicy/default/db'),
        { severity: 'error', message: /[Hh]ash is full/ },
      )
    })

    await t.test('what comes later is programmed as ever, and so are new pods', async (t) => {
      const [late] = await lab.addPods({ name: 'late', host: 14, labels: { role: 'client' } })
      t.equal(await connects(late, web, true), true)
      t.equal(await connects(late, db, false), false)
    })

    await t.test('with room for all it heals by itself', async (t) => {
      await node.apply(larger)
      await until('no problem is left', async () => (await problems()).length === 0)
      t.equal(await connects(client, db, true), true)
      t.equal(await connects(other, db, false), false)
    })
  })
}
