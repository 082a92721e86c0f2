/** Beside kube-proxy's chains, with both kinds of iptables: services work, policy is about the pod behind them, and neither touches the other's rules and marks. */
import t, { type Test } from 'tap'
import { ForeignRules } from './lab/foreign-rules.ts'
import { emptyService, kubeProxyRules, service } from './lab/kube-proxy-rules.ts'
import type { Pod } from './lab/pod.ts'
import { SingleNode } from './lab/single-node.ts'
import { webPods } from './lab/web-pods.ts'

/** @param sources of rules that allow TCP 8080 to the pod behind the service */
const ingress = (...sources: readonly string[]) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: web }
spec:
  selector: app == 'web'
  ingress: [${sources.map((source) => `{ action: Allow, protocol: TCP, source: ${source}, destination: { ports: [8080] } }`).join(', ')}]
`
const fromClient = "{ selector: role == 'client' }"
const fromOutside = '{ nets: [10.99.0.9/32] }'

const clientEgress = (port: number) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: client }
spec: { selector: role == 'client', egress: [{ action: Allow, protocol: TCP, destination: { ports: [${port}] } }] }
`
const masquerade = '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully'
const tables = ['nat', 'filter', 'mangle'] as const

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`iptables-${backend}`, async (t) => {
    const lab = await SingleNode.create()
    t.teardown(() => lab.remove())
    const { node, namespace, outside } = lab
    const rules = new ForeignRules(namespace, backend)
    await rules.restore(kubeProxyRules)
    const kubes = await rules.saved(...tables)
    await node.start()
    const [web, client, other] = await lab.addPods(webPods.web, webPods.client, webPods.other)
    const reaches = (from: Pod, to: { readonly address: string; readonly port: number }, expected: boolean) =>
      from.isThrough({ protocol: 'tcp', to: to.address, port: to.port }, expected)
    const unchanged = async (t: Test) => t.equal(await rules.saved(...tables), kubes, "none of kube-proxy's rules has changed")

    await t.test('a service without policy: every pod and the machine outside reach the pod behind it', async (t) => {
      for (const from of [client, other, outside]) t.equal(await reaches(from, service, true), true, from.name)
      t.equal(await reaches(client, emptyService, false), false, 'a service without endpoints is refused by kube-proxy')
      await unchanged(t)
    })

    await t.test('ingress policy is about the pod behind the service, and sees who really asks', async (t) => {
      await node.apply(ingress(fromClient))
      t.equal(await reaches(client, service, true), true)
      t.equal(await reaches(other, service, false), false)
      t.equal(await reaches(outside, service, false), false, 'though kube-proxy accepts whatever has its mark')
      t.equal(await reaches(client, { address: web.address, port: 8080 }, true), true, 'without the service')
      t.equal(await reaches(other, { address: web.address, port: 8080 }, false), false, 'without the service')
      await unchanged(t)
    })

    await t.test('the mark 0x4000 survives our chains: kube-proxy masquerades what comes from outside the cluster', async (t) => {
      await node.apply(ingress(fromClient, fromOutside))
      const before = await rules.packets('nat', masquerade)
      t.equal(await reaches(outside, service, true), true)
      t.equal(await rules.packets('nat', masquerade), before + 1)
      t.equal(await reaches(client, service, true), true)
      t.equal(await rules.packets('nat', masquerade), before + 1, 'and our marks are none of its own: a pod is not masqueraded')
    })

    await t.test('egress policy is about the port of the pod, not of the service', async (t) => {
      await node.apply(clientEgress(8080))
      t.equal(await reaches(client, service, true), true)
      await node.apply(clientEgress(80))
      t.equal(await reaches(client, service, false), false)
      await node.delete(clientEgress(80))
    })

    await t.test('kube-proxy writes all of its chains again: policy holds, our rules stay as they are', async (t) => {
      const ours = await rules.ours()
      await rules.restore(withoutJumps(kubeProxyRules))
      t.strictSame(await rules.ours(), ours)
      t.equal(await reaches(client, service, true), true)
      t.equal(await reaches(other, service, false), false)
      await unchanged(t)
    })
  })
}

/** As kube-proxy synchronises: its own chains whole, the jumps to them only when they are missing. */
function withoutJumps(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^:[A-Z]+ ACCEPT|^-A (?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) /.test(line))
    .join('\n')
}
