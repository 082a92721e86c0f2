/** HostEndpoints with real packets: which are asked, about what (resource reference §6.5, §6.13). */
import t, { type Test } from 'tap'
import { eth0, gnp, HostLab, hep, host6, icmp, onPorts, outside6, type Row, tcp, udp, verdicts, web6 } from './lab/host-lab.ts'
import type { Pod } from './lab/pod.ts'
import { until } from './lab/until.ts'

const { lab, host, beyond, web, other } = await HostLab.create()
t.teardown(() => lab.remove())
const { outside, namespace } = lab

const untouched: readonly Row[] = [
  ['outside to the node', outside, tcp(host.address), true],
  ['IPv6 too', outside, tcp(host6), true],
  ['the node to outside', host, udp(outside.address), true],
  ['outside to a pod', outside, tcp(web.address), true],
  ['forwarded between machines', outside, icmp(beyond.address), true],
]

const cases: readonly (readonly [title: string, documents: readonly string[], rows: readonly Row[]])[] = [
  ['no host endpoint: nothing is policed but workloads', [], untouched],
  [
    '§6.5 a host endpoint that nothing allows: closed but for failsafe ports; what is forwarded goes on; other interfaces too',
    [eth0],
    [
      ['tcp in', outside, tcp(host.address), false],
      ['udp in', outside, udp(host.address), false],
      ['icmp in', outside, icmp(host.address), false],
      ['IPv6 in', outside, tcp(host6), false],
      ['out', host, tcp(outside.address), false],
      ['IPv6 out', host, icmp(outside6), false],
      ['ssh in', outside, tcp(host.address, 22), true],
      ['ssh in over IPv6', outside, tcp(host6, 22), true],
      ['ssh out', host, tcp(outside.address, 22), false],
      ['to a pod', outside, tcp(web.address), true],
      ['from a pod', web, tcp(outside.address), true],
      ['forwarded', outside, tcp(beyond.address), true],
      ['the other interface', beyond, tcp(host.address), true],
      ['the node to its pod', host, tcp(web.address), true],
    ],
  ],
  [
    '§6.3 a policy without flags is about local traffic only',
    [
      eth0,
      gnp('local', `{ selector: host == 'eth0', ingress: [${onPorts('Allow', '8080')}], egress: [{ action: Allow, protocol: UDP }] }`),
    ],
    [
      ['allowed in', outside, tcp(host.address), true],
      ['allowed in, IPv6', outside, tcp(host6), true],
      ['not allowed in', outside, tcp(host.address, 9000), false],
      ['allowed out', host, udp(outside.address), true],
      ['not allowed out', host, tcp(outside.address), false],
      ['forwarded to a pod', outside, tcp(web.address, 9000), true],
    ],
  ],
  [
    '§6.3 applyOnForward is about forwarded traffic too, pods or not',
    [
      eth0,
      gnp(
        'both',
        `{ selector: host == 'eth0', applyOnForward: true, ingress: [${onPorts('Allow', '8080')}], egress: [{ action: Allow, protocol: UDP }] }`,
      ),
    ],
    [
      ['in', outside, tcp(host.address), true],
      ['to a pod, allowed', outside, tcp(web.address), true],
      ['to a pod, IPv6, allowed', outside, tcp(web6), true],
      ['to a pod', outside, tcp(web.address, 9000), false],
      ['to a pod, IPv6', outside, tcp(web6, 9000), false],
      ['through the node, allowed', outside, tcp(beyond.address), true],
      ['through the node', outside, icmp(beyond.address), false],
      ['a failsafe port of another machine', outside, tcp(web.address, 22), false],
      ['from a pod, allowed', web, udp(outside.address), true],
      ['from a pod', web, tcp(outside.address), false],
      ['between pods', other, tcp(web.address, 9000), true],
    ],
  ],
  [
    '§6.3 doNotTrack denies before everything; failsafe ports and neighbours stay',
    [
      hep('eth0', 'interfaceName: eth0, profiles: [projectcalico-default-allow]'),
      gnp(
        'raw',
        "{ selector: host == 'eth0', applyOnForward: true, doNotTrack: true, ingress: [{ action: Deny }], egress: [{ action: Deny }] }",
      ),
    ],
    [
      ['in', outside, tcp(host.address), false],
      ['through', outside, tcp(web.address), false],
      ['out', host, tcp(outside.address), false],
      ['ssh', outside, tcp(host.address, 22), true],
      ['ssh over IPv6', outside, tcp(host6, 22), true],
      ['the other interface', beyond, tcp(host.address), true],
    ],
  ],
  [
    '§6.5 the wildcard: every interface; not the node’s own pods, not what is forwarded, not loopback',
    [hep('all', 'interfaceName: "*"')],
    [
      ['eth0', outside, tcp(host.address), false],
      ['eth1', beyond, tcp(host.address), false],
      ['out', host, tcp(beyond.address), false],
      ['ssh', beyond, tcp(host.address, 22), true],
      ['to a pod of its own', host, tcp(web.address), true],
      ['loopback', host, tcp('127.0.0.1'), true],
      ['its own address', host, tcp(host.address), true],
      ['forwarded', outside, tcp(beyond.address), true],
      ['pods', other, tcp(web.address), true],
    ],
  ],
  [
    '§6.5 a named one wins over the wildcard',
    [
      hep('all', 'interfaceName: "*"'),
      hep('eth1', 'interfaceName: eth1'),
      gnp('all', `{ selector: host == 'all', ingress: [${onPorts('Allow', '8080')}] }`),
      gnp('eth1', `{ selector: host == 'eth1', ingress: [${onPorts('Allow', '9000')}] }`),
    ],
    [
      ['eth0 by the wildcard', outside, tcp(host.address), true],
      ['eth0', outside, tcp(host.address, 9000), false],
      ['eth1 by its own', beyond, tcp(host.address, 9000), true],
      ['eth1', beyond, tcp(host.address), false],
    ],
  ],
  [
    '§6.5 expectedIPs find the interface, of either family',
    [hep('by-address', `expectedIPs: [${host6}]`), hep('elsewhere', 'expectedIPs: [10.97.0.1]')],
    [
      ['its interface', outside, tcp(host.address), false],
      ['IPv6', outside, tcp(host6), false],
      ['another interface', beyond, tcp(host.address), true],
    ],
  ],
  [
    '§6.5 in rules a host endpoint stands for its addresses and named ports',
    [
      eth0,
      hep(
        'outside',
        `node: far, expectedIPs: [10.99.0.9, "${outside6}"], ports: [{ name: web, protocol: TCP, port: 8080 }]`,
        '{ role: client }',
      ).replace('node: node-n, ', ''),
      gnp(
        'local',
        "{ selector: host == 'eth0', ingress: [{ action: Allow, protocol: TCP, source: { selector: role == 'client' } }], egress: [{ action: Allow, protocol: TCP, destination: { ports: [web] } }] }",
      ),
      gnp('pods', "{ selector: has(projectcalico.org/namespace), ingress: [{ action: Allow, source: { selector: role == 'client' } }] }"),
    ],
    [
      ['by its address', outside, tcp(host.address), true],
      ['IPv6', outside, tcp(host6), true],
      ['another protocol', outside, udp(host.address), false],
      ['named port', host, tcp(outside.address), true],
      ['another port', host, tcp(outside.address, 9000), false],
      ['in rules of pods', outside, tcp(web.address), true],
      ['and nobody else', other, tcp(web.address), false],
    ],
  ],
]
/** Whether explanations say the same. What only passes from one machine to another is no workload's and not the node's: nobody explains it. */
async function explained(t: Test, rows: readonly Row[]): Promise<void> {
  const here = rows.filter(([, from, { to }]) => ![from, to].every((end) => end === outside || end === beyond || end === beyond.address))
  const seen = await Promise.all(
    here.map(async ([title, from, probe]) => {
      const source = sourceOf(from, probe.to)
      const port = probe.protocol === 'icmp' ? '' : `&port=${probe.port}`
      const { body } = await lab.node.request('GET', `/v1/explain?from=${source}&to=${probe.to}&protocol=${probe.protocol}${port}`)
      return [title, (body as { readonly verdict: string }).verdict === 'Allow']
    }),
  )
  t.strictSame(
    seen,
    here.map(([title, , , through]) => [title, through]),
    'as explained',
  )
}

/** The address of the other one's family. */
function sourceOf(from: Pod, to: string): string {
  if (!to.includes(':')) return to === '127.0.0.1' ? to : from.address
  return (
    new Map([
      [outside, outside6],
      [host, host6],
      [web, web6],
    ]).get(from) ?? from.address
  )
}

for (const [title, documents, rows] of cases) {
  t.test(title, async (t) => {
    const yaml = documents.join('\n---\n')
    if (documents.length > 0) await lab.node.apply(yaml)
    await verdicts(t, rows)
    await explained(t, rows)
    if (documents.length > 0) await lab.node.delete(yaml)
  })
}

t.test('§6.13 failsafe ports: a list of one’s own, and none, live; connections that stand go on', async (t) => {
  const configuration = (lists: string) => `
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: { name: default }
spec: ${lists}
`
  const yaml = [eth0, configuration('{ failsafeInboundHostPorts: [{ protocol: TCP, port: 9000, net: 10.99.0.0/24 }] }')].join('---\n')
  await lab.node.apply(yaml)
  const isAlive = await outside.connect(host.address, 9000)
  await verdicts(t, [
    ['the port of the list', outside, tcp(host.address, 9000), true],
    ['in its family only', outside, tcp(host6, 9000), false],
    ['no default any more', outside, tcp(host.address, 22), false],
  ])
  await lab.node.apply(configuration('{ failsafeInboundHostPorts: [] }'))
  await verdicts(t, [['none', outside, tcp(host.address, 9000), false]])
  t.ok(await isAlive())
  await lab.node.delete(yaml)
})

t.test('what cannot apply is a problem of the status; several on one interface: the first by name', async (t) => {
  const documents = [
    hep('b-late', 'interfaceName: eth0', '{ host: late }'),
    hep('a-first', 'interfaceName: eth0', '{ host: first }'),
    hep('nowhere', 'expectedIPs: [10.97.0.1]'),
    hep('pods', 'interfaceName: tortweb'),
    gnp('first', `{ selector: host == 'first', ingress: [${onPorts('Allow', '9000')}] }`),
    gnp('late', `{ selector: host == 'late', ingress: [${onPorts('Allow', '8080')}] }`),
  ].join('---\n')
  await lab.node.apply(documents)
  await verdicts(t, [
    ['by the first', outside, tcp(host.address, 9000), true],
    ['not by the second', outside, tcp(host.address), false],
    ['a pod is not governed', outside, tcp(web.address), true],
  ])
  const { body } = await lab.node.request('GET', '/v1/status')
  const problems = (body as { readonly problems: readonly { readonly subject: string; readonly severity: string }[] }).problems
  t.strictSame(
    problems.filter(({ subject }) => subject.startsWith('hostendpoint/')).map(({ subject, severity }) => [subject, severity]),
    [
      ['hostendpoint/b-late', 'warning'],
      ['hostendpoint/nowhere', 'warning'],
      ['hostendpoint/pods', 'error'],
    ],
  )
  await namespace.ip('addr', 'add', '10.97.0.1/32', 'dev', 'eth1')
  await until('the host endpoint has found its interface', async () => !(await beyond.reaches(tcp(host.address), 600)))
  await namespace.ip('addr', 'del', '10.97.0.1/32', 'dev', 'eth1')
  await until('and has left it', () => beyond.reaches(tcp(host.address), 600))
  await lab.node.delete(documents)
})

t.test('§6.5 an address finds its interface also with a label of its own, and before the cable has a carrier', async (t) => {
  await namespace.ip('addr', 'add', '10.97.0.2/32', 'dev', 'eth1', 'label', 'eth1:vip')
  await beyond.namespace.ip('link', 'set', 'eth0', 'down')
  const vip = hep('vip', 'expectedIPs: [10.97.0.2]')
  await lab.node.apply(vip)
  await lab.node.end('SIGTERM')
  await lab.node.start()
  t.ok((await lab.rules()).some((rule) => rule.startsWith('-A tort-from-hep -i eth1 ')))
  await beyond.namespace.ip('link', 'set', 'eth0', 'up')
  await beyond.namespace.ip('route', 'replace', 'default', 'via', '10.98.0.1', 'dev', 'eth0', 'onlink')
  await verdicts(t, [
    ['closed', beyond, tcp(host.address), false],
    ['a failsafe port', beyond, tcp(host.address, 22), true],
  ])
  await namespace.ip('addr', 'del', '10.97.0.2/32', 'dev', 'eth1')
  await lab.node.delete(vip)
})

t.test('all host endpoints deleted: open again, and no chain or jump of theirs is left', async (t) => {
  await verdicts(t, untouched)
  for (const tool of ['iptables-save', 'ip6tables-save'])
    t.strictSame(
      (await lab.rules(tool)).filter((rule) => /-hep|tort-[ft]h|tort-p[io]-/.test(rule)),
      [],
    )
})
