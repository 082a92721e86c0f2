/** The stages of host endpoint policy with real packets: untracked, before DNAT and after it (resource reference §6.3). */
import t from 'tap'
import { eth0, gnp, HostLab, hep, host6, icmp, onPorts, type Row, tcp, verdicts } from './lab/host-lab.ts'

const { lab, host, web } = await HostLab.create()
t.teardown(() => lab.remove())
const { outside, namespace } = lab

t.test('§6.3 preDNAT sees what was asked for, before a rule of others sends it elsewhere', async (t) => {
  const dnat = (verb: string) =>
    namespace.run('iptables', [
      '-t',
      'nat',
      verb,
      'PREROUTING',
      '-i',
      'eth0',
      '-p',
      'tcp',
      '--dport',
      '7000:7001',
      '-j',
      'DNAT',
      '--to',
      `${web.address}:8080`,
    ])
  await dnat('-A')
  t.teardown(() => dnat('-D'))
  const both: readonly Row[] = [
    ['7000', outside, tcp(host.address, 7000), true],
    ['7001', outside, tcp(host.address, 7001), true],
  ]
  await verdicts(t, both)
  const documents = [
    eth0,
    gnp('pre', `{ selector: host == 'eth0', applyOnForward: true, preDNAT: true, ingress: [${onPorts('Deny', '22, 7000')}] }`),
  ]
  await lab.node.apply(documents.join('---\n'))
  await verdicts(t, [
    ['denied as it was asked for', outside, tcp(host.address, 7000), false],
    ['not named: goes to the pod', outside, tcp(host.address, 7001), true],
    ['where it leads is another matter', outside, tcp(web.address), true],
    ['failsafe', outside, tcp(host.address, 22), true],
  ])
  const allowing = gnp(
    'pre',
    `{ selector: host == 'eth0', applyOnForward: true, preDNAT: true, ingress: [${onPorts('Allow', '7000, 9000')}] }`,
  )
  const shut = gnp('shut', "{ selector: host == 'eth0', applyOnForward: true, ingress: [{ action: Deny }] }")
  await lab.node.apply([allowing, shut].join('---\n'))
  await verdicts(t, [
    ['allowed there is allowed through', outside, tcp(host.address, 7000), true],
    ['and to the node itself', outside, tcp(host.address, 9000), true],
    ['all else is denied', outside, tcp(host.address, 7001), false],
    ['and to the node', outside, tcp(host.address), false],
  ])
  await lab.node.delete([...documents, shut].join('---\n'))
  await verdicts(t, both)
})

t.test('§2.9 what the node sends to a service is asked about where it goes in the end', async (t) => {
  const dnat = (verb: string, address: string, toPort: number) =>
    namespace.run('iptables', [
      '-t',
      'nat',
      verb,
      'OUTPUT',
      '-p',
      'tcp',
      '-d',
      address,
      '-j',
      'DNAT',
      '--to',
      `${outside.address}:${toPort}`,
    ])
  await dnat('-A', '10.96.0.1', 8080)
  await dnat('-A', '10.96.0.2', 9000)
  await namespace.ip('route', 'add', '10.96.0.0/24', 'via', '10.98.0.9')
  t.teardown(async () => {
    await dnat('-D', '10.96.0.1', 8080)
    await dnat('-D', '10.96.0.2', 9000)
    await namespace.ip('route', 'del', '10.96.0.0/24')
  })
  const documents = [eth0, gnp('out', `{ selector: host == 'eth0', types: [Egress], egress: [${onPorts('Allow', '8080')}] }`)].join('---\n')
  await lab.node.apply(documents)
  await verdicts(t, [
    ['allowed', host, tcp('10.96.0.1', 80), true],
    ['not allowed', host, tcp('10.96.0.2', 80), false],
  ])
  await lab.node.delete(documents)
})

t.test('§6.3 doNotTrack: allowed both ways it works without conntrack; one way only, it does not', async (t) => {
  const untracked = (types: string) =>
    gnp(
      'raw',
      `{ selector: host == 'eth0', applyOnForward: true, doNotTrack: true, types: [${types}], ingress: [${onPorts('Allow', '9001')}], egress: [${onPorts('Allow', '9001', 'source')}] }`,
    )
  const documents = [eth0, untracked('Ingress, Egress')].join('---\n')
  await lab.node.apply(documents)
  const tracked = async () =>
    (await namespace.run('cat', ['/proc/net/nf_conntrack']))
      .split('\n')
      .filter((line) => /dport=9001\b/.test(line) && line.includes('10.99.0.9'))
  await verdicts(t, [
    ['IPv4', outside, tcp(host.address, 9001), true],
    ['IPv6', outside, tcp(host6, 9001), true],
    ['another port', outside, tcp(host.address), false],
    ['failsafe, tracked', outside, tcp(host.address, 22), true],
  ])
  t.strictSame(await tracked(), [])
  await lab.node.apply(untracked('Ingress').replace(/, egress: .*\]/, ''))
  await verdicts(t, [['no way back', outside, tcp(host.address, 9001), false]])
  await lab.node.delete(documents)
})

t.test('RFC 4861: neighbours are found under policies that deny everything', async (t) => {
  const deny = (name: string, flags: string, directions: string) =>
    gnp(name, `{ selector: has(host), applyOnForward: true${flags}, ${directions} }`)
  const documents = [
    hep('all', 'interfaceName: "*"'),
    deny('raw', ', doNotTrack: true', 'ingress: [{ action: Deny }], egress: [{ action: Deny }]'),
    deny('pre', ', preDNAT: true', 'ingress: [{ action: Deny }]'),
    deny('rest', '', 'ingress: [{ action: Deny }], egress: [{ action: Deny }]'),
  ].join('---\n')
  await lab.node.apply(documents)
  await namespace.ip('-6', 'neigh', 'flush', 'all')
  await outside.namespace.ip('-6', 'neigh', 'flush', 'all')
  await verdicts(t, [
    ['ssh over IPv6', outside, tcp(host6, 22), true],
    ['nothing else', outside, icmp(host6), false],
  ])
  await lab.node.delete(documents)
})
