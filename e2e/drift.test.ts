/** Each way in which somebody can disturb rules, jumps and sets of ours: back in time, counted and named; the rules of others stay. */
import t, { type Test } from 'tap'
import { dockerRules } from './lab/docker-rules.ts'
import { ForeignRules } from './lab/foreign-rules.ts'
import { twoRulePolicy } from './lab/policies.ts'
import { type Repairs, timesRepaired } from './lab/repairs.ts'
import { SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'
import { webPods } from './lab/web-pods.ts'

const chain = 'tort-pi-gnp/web'
const ours = `chain filter/${chain} (IPv4)`

const refresh = (interval: string) => `
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: { name: default }
spec: { ipsetsRefreshInterval: ${interval} }
`

/** @property object as the status names it */
type Disturbance = readonly [title: string, object: string, disturb: () => Promise<unknown>]

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`iptables-${backend}`, async (t) => {
    const lab = await SingleNode.create({ iptablesBackend: backend })
    t.teardown(() => lab.remove())
    const { node, namespace } = lab
    const rules = new ForeignRules(namespace, backend)
    await rules.restore(dockerRules)
    await node.start()
    const [web, client, other] = await lab.addPods(webPods.web, webPods.client, webPods.other)
    await node.apply(twoRulePolicy)

    const iptables = (...args: readonly string[]) => rules.iptables(...args)
    const ipset = (...args: readonly string[]) => namespace.run('ipset', args)
    const status = async () => (await node.request('GET', '/v1/status')).body as { readonly repairs: Repairs; readonly inSync: boolean }
    const isReached = async () => [
      await client.isThrough({ protocol: 'tcp', to: web.address, port: 8080 }, true),
      await other.isThrough({ protocol: 'tcp', to: web.address, port: 8080 }, false),
    ]
    const theirs = await rules.saved('nat', 'filter')
    const wanted = await rules.ours()
    const inChain = wanted.filter((line) => line.startsWith(`-A ${chain} `)).map((line) => line.slice(`-A ${chain} `.length))
    const set = /--match-set (\S+)/.exec(inChain.join(' '))?.[1] ?? ''
    const members = async () => (await ipset('save', set)).split('\n').slice(1).toSorted()
    const wantedMembers = await members()
    t.strictSame(await isReached(), [true, false])
    t.ok(inChain.length >= 2, 'a rule to deny and one to allow')
    t.match(wantedMembers, [`add ${set} ${client.address}`])

    /** Disturbs, and waits until ours are back and it is told: long before the full check of every 90 s. The comment says how long it took. */
    const repaired = async (t: Test, object: string, disturb: () => Promise<unknown>) => {
      const before = (await status()).repairs
      await disturb()
      const began = performance.now()
      const isBack = async () => (await rules.ours()).join() === wanted.join() && (await members()).join() === wantedMembers.join()
      await until('ours are back', isBack)
      t.comment(`back after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      await until(`${object} is named`, async () => timesRepaired((await status()).repairs, object) > timesRepaired(before, object))
      t.ok((await status()).repairs.total > before.total)
      t.strictSame(await isReached(), [true, false])
    }

    const ofRules: readonly Disturbance[] = [
      ['a chain is flushed', ours, () => iptables('-F', chain)],
      ['a rule is deleted', ours, () => iptables('-D', chain, '1')],
      ['a rule is put into a chain of ours', ours, () => iptables('-I', chain, '-j', 'ACCEPT')],
      ['rules are put in another order', ours, () => rules.restore(reversed(inChain))],
      ['a rule is replaced', ours, () => iptables('-R', chain, '1', '-j', 'ACCEPT')],
      ['our jump is deleted', 'hook filter/FORWARD (IPv4)', () => iptables('-D', 'FORWARD', '1')],
    ]
    for (const [title, object, disturb] of ofRules) await t.test(title, (t) => repaired(t, object, disturb))

    const ofSets: readonly Disturbance[] = [
      ['a set is emptied', `IP set ${set}`, () => ipset('flush', set)],
      ['a member is added', `IP set ${set}`, () => ipset('add', set, other.address)],
      [
        'a set is destroyed and made anew, with nothing in it',
        `IP set ${set}`,
        async () => {
          await ipset('create', 'new', 'hash:ip')
          await ipset('swap', 'new', set)
          await ipset('destroy', 'new')
        },
      ],
    ]
    for (const [title, object, disturb] of ofSets) await t.test(title, (t) => repaired(t, object, disturb))

    await t.test('members are swapped for others, as many as before: found by reading them all, as often as is said', async (t) => {
      await node.apply(refresh('2s'))
      await repaired(t, `IP set ${set}`, async () => {
        await ipset('add', set, other.address)
        await ipset('del', set, client.address)
      })
      await node.apply(refresh('90s'))
    })

    await t.test('the rules of others are as they were', async (t) => t.equal(await rules.saved('nat', 'filter'), theirs))

    await t.test('somebody goes before our jump: ours is first again, theirs stays', async (t) => {
      await iptables('-I', 'FORWARD', '-i', 'docker0', '-j', 'ACCEPT')
      const forward = async () => (await lab.rules(`iptables-${backend}-save`)).filter((rule) => rule.startsWith('-A FORWARD'))
      await until('ours is first', async () => (await forward())[0]?.endsWith('-j tort-FORWARD'))
      t.equal((await forward())[1], '-A FORWARD -i docker0 -j ACCEPT')
      await iptables('-D', 'FORWARD', '-i', 'docker0', '-j', 'ACCEPT')
      t.equal(await rules.saved('nat', 'filter'), theirs)
    })

    // the status names the last 20 only, and hooks are behind the chains
    await t.test('all is flushed and every chain is deleted', (t) =>
      repaired(t, 'hook filter/FORWARD (IPv4)', () => rules.restore('*filter\n-F\n-X\nCOMMIT\n')),
    )

    await t.test('a restore without --noflush, as firewalld does it', async (t) => {
      await repaired(t, 'hook filter/INPUT (IPv4)', () => rules.restore(dockerRules, 'whole'))
      t.equal(await rules.saved('nat', 'filter'), theirs)
    })

    await t.test('all that was repaired once is logged once a minute at most', async (t) => {
      const { body } = await node.request('GET', '/v1/events?limit=1000')
      const { events } = body as {
        readonly events: readonly { readonly message: string; readonly fields: { readonly objects?: readonly string[] } }[]
      }
      const named = events.flatMap(({ message, fields }) => (message.startsWith('changed by somebody else') ? (fields.objects ?? []) : []))
      t.ok(named.includes(ours))
      t.ok(named.filter((object) => object === ours).length < ofRules.length)
    })
  })
}

function reversed(lines: readonly string[]): string {
  return ['*filter', `:${chain} - -`, ...lines.toReversed().map((line) => `-A ${chain} ${line}`), 'COMMIT', ''].join('\n')
}
