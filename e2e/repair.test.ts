/** Others in the same kernel, with both kinds of iptables: they are left alone, what they break of ours is repaired, a restart is invisible. */
import t from 'tap'
import type { Pod } from './lab/pod.ts'
import type { Probe } from './lab/pod-messages.ts'
import { SingleNode } from './lab/single-node.ts'
import { soonSec, until } from './lab/until.ts'
import { webPods } from './lab/web-pods.ts'

const policy = (port: number) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: web }
spec:
  selector: app == 'web'
  ingress: [{ action: Allow, protocol: TCP, source: { selector: role == 'client' }, destination: { ports: [${port}, 8080] } }]
`

const tcp = (to: Pod): Probe => ({ protocol: 'tcp', to: to.address, port: 8080 })
const icmp = (to: Pod): Probe => ({ protocol: 'icmp', to: to.address })

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`iptables-${backend}`, async (t) => {
    const lab = await SingleNode.create({ iptablesBackend: backend })
    t.teardown(() => lab.remove())
    const { node, namespace } = lab
    const iptables = (...args: readonly string[]) => namespace.run(`iptables-${backend}`, ['-w', '5', ...args])
    const rules = () => lab.rules(`iptables-${backend}-save`)
    const theirs = [
      '-P FORWARD DROP',
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A DOCKER-USER -d 192.0.2.1/32 -j DROP',
      '-A DOCKER-USER -j RETURN',
    ]

    await iptables('-P', 'FORWARD', 'DROP')
    await iptables('-N', 'DOCKER-USER')
    for (const rule of theirs.slice(1)) await iptables(...rule.split(' '))
    await node.start()
    const [web, client, other] = await lab.addPods(webPods.web, webPods.client, webPods.other)
    await node.apply(policy(1))
    const asPolicySays = async () => [
      await client.reaches(tcp(web)),
      await other.isThrough(tcp(web), false),
      await client.reaches(icmp(other)),
    ]

    await t.test('pods reach each other as policy says beside FORWARD policy DROP, whose rules stay as they were', async (t) => {
      t.strictSame(await asPolicySays(), [true, false, true])
      const kept = await rules()
      t.strictSame(
        theirs.filter((rule) => !kept.includes(rule)),
        [],
      )
      const forward = kept.filter((rule) => rule.startsWith('-A FORWARD'))
      t.match(forward[0], /-j tort-FORWARD$/, 'ours is asked first')
      t.match(forward.at(-1), /-j ACCEPT$/, 'what both ends allowed is accepted last')
    })

    await t.test('an agent killed with -9 and started again writes nothing: counters go on, nobody hears of a route or link', async (t) => {
      const counted = async () =>
        (await namespace.run(`iptables-${backend}-save`, ['-c', '-t', 'filter'])).split('\n').flatMap((line) => {
          const [, packets, rule] = /^\[(\d+):\d+\] (-A tort-.*)$/.exec(line) ?? []
          return rule === undefined ? [] : [{ rule, packets: Number(packets) }]
        })
      const before = await counted()
      await until('no address is tried any more', async () => !(await namespace.ip('addr', 'show')).includes('tentative'))
      let heard = ''
      const monitor = namespace.start('ip', ['monitor', 'link', 'address', 'route', 'rule'], { onOutput: (text) => (heard += text) })
      await until('the monitor hears', async () => {
        // put again as it is, a route is no news
        await namespace.ip('route', 'add', '198.51.100.1/32', 'dev', 'lo')
        await namespace.ip('route', 'del', '198.51.100.1/32', 'dev', 'lo')
        return heard.includes('198.51.100.1')
      })
      await namespace.ip('route', 'add', '198.51.100.2/32', 'dev', 'lo')
      await until('the monitor hears the last of it', () => heard.includes('198.51.100.2'))
      heard = ''
      await node.end('SIGKILL')
      t.strictSame(await asPolicySays(), [true, false, true], 'nothing changes while it is dead')
      await node.start()
      t.strictSame(await asPolicySays(), [true, false, true])
      monitor.kill()
      t.equal(heard, '')
      const after = await counted()
      t.strictSame(
        after.map(({ rule }) => rule),
        before.map(({ rule }) => rule),
      )
      t.strictSame(
        before.filter(({ packets }, i) => packets > (after[i]?.packets ?? 0)),
        [],
        'no counter began anew',
      )
      await namespace.ip('route', 'del', '198.51.100.2/32', 'dev', 'lo')
    })

    await t.test('somebody flushes every rule and set: ours are back, in their order', async (t) => {
      const before = await rules()
      await node.apply(policy(2)) // a table is read soon after each write, later ever more rarely
      await node.apply(policy(1))
      await iptables('-F')
      await namespace.run('ipset', ['flush'])
      t.notSame(await rules(), before)
      await until(
        'the chains are back',
        async () =>
          (await rules()).filter((rule) => rule.startsWith('-A tort-')).join() ===
          before.filter((rule) => rule.startsWith('-A tort-')).join(),
        soonSec,
      )
      await until('members are back', async () => (await namespace.run('ipset', ['save'])).includes(`${client.address}`), soonSec)
      const forward = (await rules()).filter((rule) => rule.startsWith('-A FORWARD'))
      t.equal(forward.length, 2, 'only ours: theirs are not ours to repair')
      t.strictSame(await asPolicySays(), [true, false, true])
    })

    await t.test('what somebody changes while no agent runs is right again when one does', async (t) => {
      const chains = async () => (await rules()).filter((rule) => rule.startsWith('-A tort-'))
      const before = await chains()
      await node.end('SIGKILL')
      await iptables('-F', 'tort-to-wl')
      await iptables('-I', 'tort-tw-tortweb', '-j', 'ACCEPT')
      await iptables('-D', 'FORWARD', '1')
      await iptables('-N', 'tort-unknown')
      await iptables('-A', 'FORWARD', '-d', '192.0.2.2', '-j', 'DROP')
      await namespace.run('ipset', ['create', 'tort4s:unknown', 'hash:ip'])
      await namespace.ip('route', 'del', web.address)
      await namespace.ip('route', 'add', '10.244.1.77/32', 'dev', 'tortweb', 'proto', '116')
      await namespace.ip('link', 'set', 'tortclient', 'down')
      await namespace.sysctl('net.ipv4.conf.tortweb.proxy_arp', '0')
      await node.start()
      t.strictSame(await chains(), before)
      t.strictSame(await asPolicySays(), [true, false, true])
      t.equal(await namespace.ip('route', 'show', '10.244.1.77'), '', 'a route of ours that nobody wants')
      t.notMatch(await namespace.run('ipset', ['list', '-n']), 'tort4s:unknown')
      t.ok((await rules()).includes('-A FORWARD -d 192.0.2.2/32 -j DROP'), 'theirs stays')
    })

    await t.test('routes, links and settings that somebody takes away or changes are back', async (t) => {
      const route = () => namespace.ip('route', 'show', web.address)
      const right = await route()
      await namespace.ip('route', 'del', web.address)
      await until('removed', async () => (await route()) === right, soonSec)
      await namespace.ip('route', 'replace', `${web.address}/32`, 'dev', 'tortclient', 'scope', 'link', 'proto', '116')
      await until('replaced', async () => (await route()) === right, soonSec)
      await namespace.ip('route', 'change', `${web.address}/32`, 'via', '10.99.0.9', 'proto', '116')
      await until('changed', async () => (await route()) === right, soonSec)
      await namespace.ip('route', 'replace', 'blackhole', `${web.address}/32`)
      await until('taken by another protocol', async () => (await route()) === right, soonSec)
      await namespace.ip('route', 'flush', 'proto', '116')
      await until('flushed', async () => (await route()) === right, soonSec)
      await until('the block', async () => (await namespace.ip('route', 'show', '10.244.1.0/24')).startsWith('blackhole'), soonSec)
      await namespace.ip('link', 'set', 'tortweb', 'down')
      await until('link up', async () => (await route()) === right, soonSec)
      await web.namespace.ip('link', 'set', 'eth0', 'down')
      await web.namespace.ip('link', 'set', 'eth0', 'up')
      await web.namespace.ip('route', 'replace', 'default', 'via', '169.254.1.1', 'dev', 'eth0', 'onlink')
      await until('the pod is back', () => client.reaches(tcp(web)), soonSec)
      t.strictSame(await asPolicySays(), [true, false, true])
      await namespace.sysctl('net.ipv4.conf.tortweb.proxy_arp', '0')
      await namespace.sysctl('net.ipv4.ip_forward', '0')
      // settings have no events: they are read with everything else, which an address that goes brings about
      await namespace.ip('addr', 'add', '198.51.100.1/32', 'dev', 'lo')
      await namespace.ip('addr', 'del', '198.51.100.1/32', 'dev', 'lo')
      const setting = (path: string) => namespace.run('cat', [`/proc/sys/net/ipv4/${path}`])
      await until('proxy ARP', async () => (await setting('conf/tortweb/proxy_arp')) === '1', soonSec)
      await until('forwarding', async () => (await setting('ip_forward')) === '1', soonSec)
    })
  })
}
