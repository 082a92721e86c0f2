/** What happens while policies, labels and profiles change: real packets, real rules (DESIGN "Policy", INTERFACE §4). */
import t from 'tap'
import type { Pod } from './lab/pod.ts'
import type { Probe } from './lab/pod-messages.ts'
import { endpoint, type PodOptions, SingleNode } from './lab/single-node.ts'
import { soonSec, until } from './lab/until.ts'

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
const { node } = lab
await node.start()

const options = {
  web: { name: 'web', host: 10, labels: { app: 'web' } },
  client: { name: 'client', host: 11, labels: { role: 'client' } },
  lonely: { name: 'lonely', host: 12, labels: { role: 'lonely' }, spec: { profiles: [] } },
} as const satisfies Record<string, PodOptions>
const [web, client, lonely] = await lab.addPods(options.web, options.client, options.lonely)
await web.listen('tcp', 9000)

const tcp = (to: Pod, port = 8080): Probe => ({ protocol: 'tcp', to: to.address, port })
const icmp = (to: Pod): Probe => ({ protocol: 'icmp', to: to.address })
const policy = (name: string, spec: string) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: ${name} }
spec: ${spec}
`
const profile = (name: string, spec: string) => `
apiVersion: projectcalico.org/v3
kind: Profile
metadata: { name: ${name} }
spec: ${spec}
`
const onlyClients = policy(
  'clients',
  "{ selector: app == 'web', ingress: [{ action: Allow, source: { selector: role == 'client' || applied == 'yes-it-is' } }] }",
)
const denyAll = policy(
  'deny-all',
  '{ selector: all(), types: [Ingress, Egress], order: 1, ingress: [{ action: Deny }], egress: [{ action: Deny }] }',
)

t.test('§6.6 no profile at all, a profile that is missing, one that exists, with its labels', async (t) => {
  t.equal(await lonely.reaches(tcp(web)), false, 'profiles: [] is dropped')
  t.equal(await web.reaches(tcp(lonely)), false, 'profiles: [] is dropped as receiver')
  await node.apply(endpoint({ ...options.lonely, spec: { profiles: ['some'] } }))
  t.equal(await lonely.reaches(tcp(web)), false, 'a missing profile drops')
  await node.apply(profile('some', '{ egress: [{ action: Allow, protocol: TCP }], ingress: [], labelsToApply: { applied: yes-it-is } }'))
  const seen = [lonely.reaches(tcp(web)), lonely.reaches(icmp(web)), web.reaches(tcp(lonely))]
  t.strictSame(await Promise.all(seen), [true, false, false], 'the profile decides')
  await node.apply(onlyClients)
  t.equal(await lonely.reaches(tcp(web)), true, 'its labels count in selectors')
  await node.apply(profile('some', '{ egress: [{ action: Allow, protocol: TCP }] }'))
  t.equal(await lonely.reaches(tcp(web)), false, 'its labels are gone')
  await node.apply(policy('out', "{ selector: projectcalico.org/namespace == 'default', types: [Egress], egress: [{ action: Allow }] }"))
  t.equal(await lonely.reaches(icmp(client)), true, 'a policy that selects it decides without profiles')
  await node.delete([onlyClients, policy('out', '{}'), profile('some', '{}')].join('---\n'))
  t.equal(await lonely.reaches(tcp(web)), false, 'the profile is gone')
  await node.apply(endpoint(options.lonely))
})

t.test('a label that changes moves members of sets and no rule', async (t) => {
  await node.apply(onlyClients)
  t.equal(await client.reaches(tcp(web)), true)
  const before = await lab.rules()
  await node.apply(endpoint({ ...options.client, labels: { role: 'guest' } }))
  t.equal(await client.reaches(tcp(web)), false)
  t.strictSame(await lab.rules(), before)
  await node.apply(endpoint(options.client))
  t.equal(await client.reaches(tcp(web)), true)
  t.strictSame(await lab.rules(), before)
  await node.delete(onlyClients)
})

t.test('an established connection survives a policy that forbids new ones, which obey at once', async (t) => {
  const stillThere = await client.connect(web.address, 9000)
  t.equal(await stillThere(), true)
  await node.apply(denyAll)
  const [established, fresh] = await Promise.all([stillThere(), client.reaches(tcp(web, 9000))])
  t.strictSame({ established, fresh }, { established: true, fresh: false })
  await node.delete(denyAll)
  t.equal(await client.reaches(tcp(web, 9000)), true)
  t.equal(await stillThere(), true)
})

t.test('no datagram of an allowed stream is lost while 100 policies come, change and go', async (t) => {
  await node.apply(
    policy(
      'stream',
      "{ selector: app == 'web' || role == 'client', ingress: [{ action: Allow, protocol: UDP }], egress: [{ action: Allow, protocol: UDP }] }",
    ),
  )
  await client.startStream(web.address, 1000)
  await web.startStream(client.address, 1000)
  await until('the stream runs', async () => (await web.streamCount(0)).received > 200)
  const one = (i: number, port: number) =>
    policy(
      `other-${i}`,
      `{ selector: has(app) || n == '${i}', order: ${i}, ingress: [{ action: Deny, protocol: TCP, source: { selector: n == '${i}' }, destination: { ports: [${port}] } }, { action: Pass }] }`,
    )
  const numbers = [...Array(100).keys()]
  for (const i of numbers) await node.apply(one(i, 80))
  await node.apply(numbers.map((i) => one(i, 81)).join('---\n'))
  await node.delete(numbers.map((i) => one(i, 81)).join('---\n'))
  const [toWeb, toClient] = await Promise.all([client.stopSending(), web.stopSending()])
  await until(
    'the last datagrams',
    async () => (await web.streamCount(toWeb)).lost === 0 && (await client.streamCount(toClient)).lost === 0,
    soonSec,
  ).catch(() => undefined)
  t.strictSame(await web.streamCount(toWeb), { received: toWeb, lost: 0, duplicated: 0, reordered: 0 })
  t.strictSame(await client.streamCount(toClient), { received: toClient, lost: 0, duplicated: 0, reordered: 0 })
})
