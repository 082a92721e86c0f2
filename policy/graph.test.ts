import t from 'tap'
import type { Chain, IpSet, PolicyProgram } from '../felix/kernel.ts'
import { type Resource, refOf } from '../src/model/resource.ts'
import { chainText, hookText } from './chain-text.ts'
import type { CompiledPolicy } from './compiled-policy.ts'
import { PolicyGraph } from './graph.ts'
import { endpoint, globalPolicy, k8sPolicy, namespace, networkPolicy, networkSet, profile, serviceAccount, tier } from './test-resources.ts'

const options = { nodeName: 'n1', interfacePrefix: 'tort', ipv6: false }

function graphOf(...resources: readonly Resource[]): PolicyGraph {
  const graph = new PolicyGraph(options)
  for (const resource of resources) graph.put(resource)
  return graph
}

function chain(compiled: CompiledPolicy, name: string, family = 4): Chain | undefined {
  return compiled.chains.find((one) => one.name === name && one.family === family)
}

function text(compiled: CompiledPolicy, name: string): string {
  const found = chain(compiled, name)
  return found === undefined ? `no ${name}` : chainText(found)
}

/** One number for each part that tells its changes. */
function versionsOf({ chains, ipSets }: PolicyProgram): readonly number[] {
  const tables = Object.values(chains).flatMap((families) => [families[4], families[6]])
  return [...tables, ipSets].map(({ version }) => version)
}

/** Members in text order: a set has no order, and neither has what it is compared with. */
function plain({ chains, hooks, ipSets }: CompiledPolicy): unknown {
  return { chains, hooks, ipSets: ipSets.map((set) => ({ ...set, members: [...set.members].toSorted() })) }
}

const web = globalPolicy('web', {
  order: 10,
  selector: "app == 'web'",
  ingress: [
    { action: 'Allow', protocol: 'TCP', source: { selector: "role == 'client'" }, destination: { ports: [80] } },
    { action: 'Deny' },
  ],
})
const server = endpoint('server', { interfaceName: 'tort1a2b', ipNetworks: ['10.0.0.1/32'] }, { app: 'web' })
const client = endpoint('client', { interfaceName: 'tort3c4d', ipNetworks: ['10.0.0.2/32'] }, { role: 'client' })
const far = endpoint('far', { node: 'n2', interfaceName: 'tort3c4d', ipNetworks: ['10.1.0.2/32'] }, { role: 'client' })

t.test('the hooks are there from the first compile, in the order of the tables', async (t) => {
  t.strictSame(graphOf().compile().hooks.map(hookText), [
    '-I PREROUTING -j tort-PREROUTING',
    '-I INPUT -j tort-INPUT',
    '-I OUTPUT -j tort-OUTPUT',
    '-I FORWARD -j tort-FORWARD',
    '-A FORWARD --mark 0x10000/0x10000 -j ACCEPT # Policy explicitly accepted packet',
  ])
})

t.test('with no endpoint at all an interface with our prefix is dropped in both directions', async (t) => {
  const compiled = graphOf(web).compile()
  t.equal(text(compiled, 'tort-from-wl'), '-A tort-from-wl -j DROP # Unknown interface')
  t.equal(text(compiled, 'tort-to-wl'), '-A tort-to-wl -j DROP # Unknown interface')
  t.strictSame(compiled.ipSets, [], 'and a policy that selects nobody needs no set')
})

t.test('the two families have the same chains, and IPv6 lets neighbour discovery reach the host', async (t) => {
  const graph = new PolicyGraph({ ...options, ipv6: true })
  for (const one of [server, client, web]) graph.put(one)
  const compiled = graph.compile()
  const names = (family: number) => compiled.chains.filter((one) => one.family === family).map(({ name }) => name)
  t.strictSame(names(6), names(4))
  t.equal(compiled.hooks.length, 10)
  t.strictSame(
    compiled.ipSets.map(({ family, members }) => [family, members.size]),
    [
      [4, 1],
      [6, 0],
    ],
  )
  const toHost = chain(compiled, 'tort-wl-to-host', 6)
  t.match(toHost === undefined ? '' : chainText(toHost), /--icmp-type 135 -j ACCEPT/)
  t.notMatch(toHost === undefined ? '' : chainText(toHost), /--icmp-type 134/, 'a workload is no router')
})

t.test('a label change touches set members, not rules', async (t) => {
  const graph = graphOf(server, client, far, web)
  const { chains, ipSets } = graph.program()
  const before = [chains.filter[4].version, ipSets.version]
  const [[name, set]] = [...ipSets.entries()] as [[string, IpSet]]
  const { version = 0 } = set.members
  graph.put({ ...far, metadata: { ...far.metadata, labels: {} } })
  graph.program()
  t.equal(chains.filter[4].version, before[0])
  t.strictSame(ipSets.changedSince(before[1] ?? 0), [name])
  t.strictSame(set.members.changedSince?.(version), ['10.1.0.2'])
  t.strictSame([...set.members], ['10.0.0.2'])
})

t.test('a change renders what it concerns; every other chain and set is the same object as before', async (t) => {
  const other = networkPolicy('other', { selector: "x == 'y'", ingress: [{ action: 'Allow', source: { selector: "z == 'z'" } }] })
  const third = endpoint('third', { interfaceName: 'tort5', ipNetworks: ['10.0.0.5/32'] }, { x: 'y' })
  const graph = graphOf(server, client, third, web, other)
  const before = graph.compile()
  graph.put(globalPolicy('web', { order: 10, selector: "app == 'web'", ingress: [{ action: 'Deny' }] }))
  const after = graph.compile()
  const changed = after.chains.filter((one) => !before.chains.includes(one)).map(({ name }) => name)
  t.strictSame(changed, ['tort-pi-gnp/web'])
  t.equal(after.ipSets.length, 1)
  t.ok(before.ipSets.includes(after.ipSets[0] ?? { name: '', type: 'hash:ip', family: 4, members: new Set() }))
})

t.test('putting the same again changes nothing', async (t) => {
  const all = [server, client, far, web, namespace('shop', { team: 'a' })]
  const graph = graphOf(...all)
  const program = graph.program()
  const before = versionsOf(program)
  const { hooks } = program
  for (const one of all) graph.put(structuredClone(one))
  t.equal(graph.program(), program)
  t.strictSame(versionsOf(program), before)
  t.equal(program.hooks, hooks)
})

t.test(
  'a policy whose rules change leaves the chains of the endpoints it selects alone; one that moves in the order does not',
  async (t) => {
    const graph = graphOf(server, client, web)
    const filter = graph.program().chains.filter[4]
    let { version } = filter
    const change = (spec: object) => {
      graph.put({ ...web, spec: { ...(web.spec as object), ...spec } })
      graph.program()
      const changed = filter.changedSince(version)
      version = filter.version
      return changed
    }
    const ingress = [{ action: 'Deny' }]
    t.strictSame(change({ ingress }), ['tort-pi-gnp/web'])
    t.strictSame(change({ ingress, order: 5 }), [], 'alone in its tier it is where it was')
    graph.put(globalPolicy('other', { order: 7, selector: "app == 'web'", ingress: [{ action: 'Deny' }] }))
    graph.program()
    version = filter.version
    t.strictSame(change({ ingress, order: 9 }), ['tort-tw-tort1a2b'])
    t.strictSame(change({ ingress, order: 9, types: ['Ingress', 'Egress'], egress: [] }), ['tort-po-gnp/web', 'tort-fw-tort1a2b'])
  },
)

t.test('a set becomes hash:net under another name when a network set matches, and hash:ip again when it goes', async (t) => {
  const graph = graphOf(server, client, web)
  const [addresses] = graph.compile().ipSets
  const set = networkSet('partners', ['192.0.2.7/24', '0.0.0.0/0', '198.51.100.1/32', 'fd00::/8'], { role: 'client' })
  graph.put(set)
  const withNets = graph.compile()
  t.strictSame(
    withNets.ipSets.map(({ type, members }) => [type, [...members].toSorted()]),
    [['hash:net', ['0.0.0.0/0', '10.0.0.2/32', '192.0.2.0/24', '198.51.100.1/32']]],
  )
  t.not(withNets.ipSets[0]?.name, addresses?.name, 'the kernel cannot change a set in place')
  t.match(text(withNets, 'tort-pi-gnp/web'), `--match-set ${withNets.ipSets[0]?.name} src`)
  graph.delete(refOf(set))
  t.strictSame(plain(graph.compile()), plain(graphOf(server, client, web).compile()))
})

t.test('policies with equal selectors share one set, however they are written', async (t) => {
  const rule = (selector: string) => ({ ingress: [{ action: 'Allow' as const, source: { selector } }] })
  const graph = graphOf(server, globalPolicy('a', rule("x=='1'&&y=='2'")), globalPolicy('b', rule('x == "1" && (y == "2")')))
  t.equal(graph.compile().ipSets.length, 1)
})

t.test('one address of two endpoints stays a member until both are gone', async (t) => {
  const twin = endpoint('twin', { node: 'n2', ipNetworks: ['10.0.0.2/32'] }, { role: 'client' })
  const graph = graphOf(server, client, twin, web)
  graph.delete(refOf(client))
  t.strictSame([...(graph.compile().ipSets[0]?.members ?? [])], ['10.0.0.2'])
  graph.delete(refOf(twin))
  t.strictSame([...(graph.compile().ipSets[0]?.members ?? [])], [])
})

t.test('INTERFACE §4: profiles [] means none, so everything is dropped', async (t) => {
  const compiled = graphOf(endpoint('lonely', { interfaceName: 'tort9', profiles: [] })).compile()
  t.equal(
    text(compiled, 'tort-tw-tort9'),
    `
-A tort-tw-tort9 --ctstate RELATED,ESTABLISHED -j ACCEPT
-A tort-tw-tort9 --ctstate INVALID -j DROP
-A tort-tw-tort9 -j MARK --set-xmark 0x0/0x30000
-A tort-tw-tort9 -j DROP # Drop if no profiles matched`.trim(),
  )
})

t.test('§6.6: a profile that does not exist drops, and begins to work when it comes', async (t) => {
  const graph = graphOf(endpoint('p', { interfaceName: 'tort9', profiles: ['mine', 'kns.shop'] }))
  t.match(text(graph.compile(), 'tort-tw-tort9'), /-j DROP # Drop, profile mine does not exist$/)
  graph.put(profile('mine', { ingress: [{ action: 'Deny', protocol: 'UDP' }] }))
  const compiled = graph.compile()
  t.equal(text(compiled, 'tort-pri-mine'), '-A tort-pri-mine -p udp -j DROP # rule 0')
  t.equal(text(compiled, 'tort-pro-mine'), ':tort-pro-mine')
  t.match(text(compiled, 'tort-tw-tort9'), /-j tort-pri-mine\n.*\n.*-j tort-pri-kns\.shop\n/)
})

t.test('§6.2.1: tiers and policies in order, ties by name, and only the directions of `types`', async (t) => {
  const any = { selector: 'all()', types: ['Ingress' as const] }
  const graph = graphOf(
    server,
    tier('first', { order: 5, defaultAction: 'Pass' }),
    globalPolicy('late', { ...any, order: 20 }),
    globalPolicy('unordered', any),
    globalPolicy('b', { ...any, order: 10 }),
    networkPolicy('a', { ...any, order: 10 }),
    k8sPolicy('k', { podSelector: {} }),
    globalPolicy('zero', { ...any, tier: 'first' }),
  )
  const jumps = (compiled: CompiledPolicy, name: string) =>
    text(compiled, name).match(/(?<=-j )tort-p[io]\S*|(?<=# )(Start|End) of tier \S+/g)
  const compiled = graph.compile()
  t.strictSame(jumps(compiled, 'tort-tw-tort1a2b'), [
    'Start of tier first',
    'tort-pi-gnp/zero',
    'Start of tier default',
    'tort-pi-np/shop/a',
    'tort-pi-gnp/b',
    'tort-pi-gnp/late',
    'tort-pi-knp/shop/k',
    'tort-pi-gnp/unordered',
    'End of tier default.',
  ])
  t.equal(jumps(compiled, 'tort-fw-tort1a2b'), null)
  graph.delete({ group: 'projectcalico.org', kind: 'Tier', namespace: '', name: 'first' })
  const without = jumps(graph.compile(), 'tort-tw-tort1a2b')
  t.strictSame(
    without?.slice(-3),
    ['Start of tier first', 'tort-pi-gnp/zero', 'End of tier first.'],
    'a tier that is gone comes last and denies',
  )
})

t.test('policies for host endpoints only, and kinds that are not ours, change nothing for workloads', async (t) => {
  const empty = plain(graphOf(server).compile())
  const flags = { applyOnForward: true, types: ['Ingress' as const] }
  const hostOnly = [globalPolicy('pre', { ...flags, preDNAT: true }), globalPolicy('raw', { ...flags, doNotTrack: true })]
  const other: Resource = { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'pool' }, spec: {} }
  t.strictSame(plain(graphOf(server, ...hostOnly, other).compile()), empty)
})

t.test('a policy that turns to host endpoints only leaves the workloads', async (t) => {
  const graph = graphOf(server, web)
  graph.compile()
  graph.put(globalPolicy('web', { applyOnForward: true, doNotTrack: true }))
  t.strictSame(plain(graph.compile()), plain(graphOf(server).compile()))
})

t.test('an endpoint without an interface or of another node has no chains, and gets them when that changes', async (t) => {
  const waiting = endpoint('late', { ipNetworks: ['10.0.0.9/32'] }, { app: 'web' })
  const graph = graphOf(waiting, web)
  t.equal(text(graph.compile(), 'tort-from-wl'), '-A tort-from-wl -j DROP # Unknown interface')
  graph.put({ ...waiting, spec: { ...waiting.spec, interfaceName: 'tort9' } })
  t.match(text(graph.compile(), 'tort-tw-tort9'), /-j tort-pi-gnp\/web/)
  graph.put({ ...waiting, spec: { ...waiting.spec, interfaceName: 'tort9', node: 'n2' } })
  t.strictSame(plain(graph.compile()), plain(graphOf({ ...waiting, spec: { ...waiting.spec, node: 'n2' } }, web).compile()))
})

t.test('of two endpoints on one interface the first by name has it, whichever came first', async (t) => {
  const a = endpoint('a', { interfaceName: 'tort1' }, { app: 'web' })
  const b = endpoint('b', { interfaceName: 'tort1' })
  const one = graphOf(a, b, web)
  t.match(text(one.compile(), 'tort-tw-tort1'), /gnp\/web/)
  t.strictSame(plain(one.compile()), plain(graphOf(b, web, a).compile()))
  one.delete(refOf(a))
  t.notMatch(text(one.compile(), 'tort-tw-tort1'), /gnp\/web/)
})

t.test('INTERFACE §4: a Namespace and a ServiceAccount need not exist, and their labels reach endpoints when they do', async (t) => {
  const inTeam = globalPolicy('team', {
    ingress: [
      { action: 'Allow', source: { namespaceSelector: "team == 'a'" } },
      { action: 'Allow', source: { namespaceSelector: "kubernetes.io/metadata.name == 'shop'" } },
      { action: 'Allow', source: { serviceAccounts: { selector: "level == '1'" } } },
    ],
  })
  const robot = endpoint('robot', { interfaceName: 'tort1', ipNetworks: ['10.0.0.1/32'], serviceAccountName: 'r2' })
  const graph = graphOf(robot, inTeam)
  const sizes = () => {
    const { ipSets } = graph.compile()
    return ipSets.map(({ members }) => members.size).toSorted((a, b) => a - b)
  }
  t.strictSame(sizes(), [0, 0, 1])
  graph.put(namespace('shop', { team: 'a' }))
  t.strictSame(sizes(), [0, 1, 1])
  graph.put(serviceAccount('r2', { level: '1' }))
  t.strictSame(sizes(), [1, 1, 1])
  graph.delete({ group: '', kind: 'Namespace', namespace: '', name: 'shop' })
  t.strictSame(sizes(), [0, 1, 1])
})

t.test('a policy that could not have passed the checks is our bug and says which it is', async (t) => {
  t.throws(() => graphOf(networkPolicy('bad', { selector: 'a ==' })), { message: 'NetworkPolicy shop/bad cannot be compiled' })
})

t.test('a mark mask of one bit is refused, and any two bits will do', async (t) => {
  t.throws(() => new PolicyGraph({ ...options, markMask: 0x1000 }), RangeError)
  const graph = new PolicyGraph({ ...options, markMask: 0x8000_0100 })
  t.equal(text(graph.compile(), 'tort-FORWARD').split('\n')[0], '-A tort-FORWARD -j MARK --set-xmark 0x0/0x80000100')
})
