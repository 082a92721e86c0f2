/** Beside Docker, with both kinds of iptables: policy holds, published ports work, Docker's rules stay as they are, also when it starts again or all is flushed. */
import t, { type Test } from 'tap'
import { dockerFirstJumps, dockerRules } from './lab/docker-rules.ts'
import { ForeignRules } from './lab/foreign-rules.ts'
import type { Namespace } from './lab/namespace.ts'
import { Pod } from './lab/pod.ts'
import { SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'
import { webPods } from './lab/web-pods.ts'

const policy = `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: web }
spec:
  selector: app == 'web'
  ingress: [{ action: Allow, protocol: TCP, source: { selector: role == 'client' }, destination: { ports: [8080] } }]
`

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`iptables-${backend}`, async (t) => {
    const lab = await SingleNode.create()
    t.teardown(() => lab.remove())
    const { node, namespace, outside } = lab
    const rules = new ForeignRules(namespace, backend)
    const container = await addContainer(namespace)
    t.teardown(() => container.remove())
    await rules.restore(dockerRules)
    const dockers = await rules.saved('nat', 'filter')
    await node.start()
    const [web, client, other] = await lab.addPods(webPods.web, webPods.client, webPods.other)
    await node.apply(policy)

    const connects = (from: Pod, to: { address: string }, expected: boolean, port = 8080) =>
      from.isThrough({ protocol: 'tcp', to: to.address, port }, expected)
    const asExpected = async (t: Test) => {
      t.equal(await connects(client, web, true), true, 'a pod that policy allows')
      t.equal(await connects(other, web, false), false, 'a pod that policy does not allow')
      t.equal(await connects(outside, web, false), false, 'a machine outside')
      t.equal(await connects(container, web, false), false, 'a container, though Docker accepts what its containers send')
      t.equal(await connects(container, other, true), true, 'a container to a pod that no policy selects')
      t.equal(await connects(other, container, true), true, 'a pod to a container')
      t.equal(await connects(container, outside, true), true, 'a container to a machine outside')
      t.equal(await connects(outside, { address: '10.99.0.1' }, true, 8081), true, 'a published port')
    }

    await t.test('the backend is the one that has the rules of others, and the status says so', async (t) => {
      const { body } = await node.request('GET', '/v1/status')
      const reason = backend === 'nft' ? /^rules of others: \d\d in nft, 0 in legacy$/ : /^rules of others: 0 in nft, \d\d in legacy$/
      t.match(body, { iptables: { backend, reason } })
    })

    await t.test('FORWARD policy DROP: policy decides on pods, Docker on its containers', asExpected)

    await t.test("none of Docker's rules has changed", async (t) => t.equal(await rules.saved('nat', 'filter'), dockers))

    await t.test('Docker starts again and puts its jumps before ours: policy holds', async (t) => {
      for (const chain of dockerFirstJumps) {
        await rules.iptables('-D', 'FORWARD', '-j', chain)
        await rules.iptables('-I', 'FORWARD', '-j', chain)
      }
      await asExpected(t)
      t.equal(await rules.saved('nat', 'filter'), dockers)
    })

    await t.test('a new network of Docker accepts before us what its containers send: we are first again', async (t) => {
      await rules.iptables('-I', 'FORWARD', '-i', 'docker0', '!', '-o', 'docker0', '-j', 'ACCEPT')
      await until('ours is first', async () => (await forwardRules(lab, backend))[0]?.endsWith('-j tort-FORWARD'))
      t.equal(await connects(container, web, false), false)
      await rules.iptables('-D', 'FORWARD', '-i', 'docker0', '!', '-o', 'docker0', '-j', 'ACCEPT')
      t.equal(await rules.saved('nat', 'filter'), dockers)
    })

    await t.test('all is flushed and written anew by somebody else: our rules come back, theirs stay', async (t) => {
      const ours = await rules.ours()
      node.signal('SIGSTOP') // else ours may be back before anybody has looked
      if (backend === 'nft') await namespace.run('nft', ['flush', 'ruleset'])
      await rules.restore(dockerRules, 'whole')
      t.notSame(await rules.ours(), ours)
      node.signal('SIGCONT')
      await until('our rules are back', async () => (await rules.ours()).join() === ours.join())
      await asExpected(t)
      t.equal(await rules.saved('nat', 'filter'), dockers)
    })
  })
}

/** 172.17.0.2 behind docker0, as Docker cables it, with forwarding switched on. */
async function addContainer(node: Namespace): Promise<Pod> {
  await node.sysctl('net.ipv4.ip_forward', '1')
  await node.ip('link', 'add', 'docker0', 'type', 'bridge')
  await node.ip('addr', 'add', '172.17.0.1/16', 'dev', 'docker0')
  const container = await Pod.create(node, { name: 'nginx', address: '172.17.0.2', hostInterface: 'veth1', gateway: '172.17.0.1' })
  await node.ip('link', 'set', 'veth1', 'master', 'docker0', 'up')
  await node.ip('link', 'set', 'docker0', 'up')
  return container
}

async function forwardRules(lab: SingleNode, backend: string): Promise<readonly string[]> {
  return (await lab.rules(`iptables-${backend}-save`)).filter((rule) => rule.startsWith('-A FORWARD'))
}
