import { spawnSync } from 'node:child_process'
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { Chain, Hook, IpSet, Rule } from '../kernel.ts'
import type { PolicyState } from '../policy-writer.ts'
import { RepairLog } from '../repair-log.ts'
import { ChangingMembers } from '../test-members.ts'
import { enterNetns } from '../test-netns.ts'
import { Batch } from './batch.ts'
import { NftPolicy } from './nft-policy.ts'
import { NftSocket } from './nft-socket.ts'
import { OwnTableWatch } from './own-table-watch.ts'

const log = pino({ level: 'silent' })
const families = [4, 6] as const
const none = { changed: 0, repaired: 0, unprogrammed: new Map() }

function nft(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('nft', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`nft ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** What `nft` shows, with its handles: they change where something is written again. */
const listed = () => nft('-a', '-s', 'list', 'ruleset')

function drop(port: number): Rule {
  const match: Rule['match'] = [
    { type: 'protocol', protocol: 'tcp' },
    { type: 'destination-ports', ports: [{ from: port, to: port }] },
  ]
  return { match, action: { type: 'drop' }, comment: `port ${port}` }
}

const fromSet = (set: string): Rule => ({ match: [{ type: 'source-set', set }], action: { type: 'accept' } })

type World = { readonly [Key in keyof PolicyState]: PolicyState[Key] }

/** In both families: FORWARD leads over an interface to a workload's chain, which asks sets of each type. */
function world(rules: readonly Rule[] = [drop(80)], extra: Partial<World> = {}): PolicyState {
  const hook = (family: 4 | 6): Hook => ({
    family,
    table: 'filter',
    kernelChain: 'FORWARD',
    at: 'insert',
    rule: { match: [], action: { type: 'jump', chain: 'tort-FORWARD' } },
  })
  const chains = families.flatMap((family): Chain[] => [
    { family, table: 'filter', name: 'tort-FORWARD', rules: [{ match: [], action: { type: 'jump', chain: 'tort-to-wl' } }] },
    {
      family,
      table: 'filter',
      name: 'tort-to-wl',
      rules: [
        { match: [{ type: 'out-interface', name: 'tort1' }], action: { type: 'goto', chain: 'tort-tw-tort1' } },
        { match: [], action: { type: 'drop' }, comment: 'Unknown interface' },
      ],
      dispatch: { by: 'out-interface', chains: [['tort1', 'tort-tw-tort1']] },
    },
    { family, table: 'filter', name: 'tort-to-wl-tort', rules: [drop(1)], branch: true },
    { family, table: 'filter', name: 'tort-tw-tort1', rules },
  ])
  return { ipSets: [], chains, hooks: families.map(hook), ...extra }
}

/** The descriptor of this process that is told of changes of nf_tables. */
function listeningSocket(): number {
  const inodes = new Set(
    readFileSync('/proc/self/net/netlink', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, protocol, , groups]) => protocol === '12' && groups === '00000040')
      .map((fields) => `socket:[${fields.at(-1)}]`),
  )
  const found = readdirSync('/proc/self/fd').find((fd) => inodes.has(linkOf(`/proc/self/fd/${fd}`)))
  if (found === undefined) throw new Error('no socket of this process hears nf_tables')
  return Number(found)
}

/** '' for a descriptor that is closed already, as that of the directory which lists them. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}

/** A timer may fire a part of a millisecond before its time. */
const due = (writer: NftPolicy) => new Promise((resolve) => setTimeout(resolve, Math.max(0, writer.dueAtMs - performance.now()) + 1))

function policy(t: Test): { readonly writer: NftPolicy; readonly repairs: RepairLog; readonly suspected: () => Promise<void> } {
  const repairs = new RepairLog(log)
  let suspect = Promise.withResolvers<void>()
  const writer = new NftPolicy('a test', { nowMs: () => performance.now(), log, repairs, onSuspect: () => suspect.resolve() })
  const alive = setInterval(() => {}, 1_000)
  void writer.start()
  t.teardown(() => {
    writer.close()
    clearInterval(alive)
  })
  return {
    writer,
    repairs,
    suspected: async () => {
      await suspect.promise
      suspect = Promise.withResolvers()
      await due(writer)
    },
  }
}

t.beforeEach(() => enterNetns())

t.test('chains, map and hooks of both families come in one transaction, as nft reads them', async (t) => {
  const { writer } = policy(t)
  t.strictSame(await writer.apply(world(), true), { ...none, changed: 10 })
  t.equal(writer.restoreCounters.restores, 1)
  t.equal(
    nft('-s', 'list', 'table', 'ip6', 'tortie').replaceAll(/ comment "[\w-]{16}/g, ' comment "HASH'),
    `table ip6 tortie {
	map filter-tort-to-wl {
		type ifname : verdict
		elements = { "tort1" : goto filter-tort-tw-tort1 }
	}

	chain filter-tort-FORWARD {
		counter jump filter-tort-to-wl comment "HASH"
	}

	chain filter-tort-to-wl {
		counter oifname vmap @filter-tort-to-wl comment "HASH Interfaces of workloads"
		counter drop comment "HASH Unknown interface"
	}

	chain filter-tort-tw-tort1 {
		tcp dport 80 counter drop comment "HASH port 80"
	}

	chain filter-FORWARD {
		type filter hook forward priority filter; policy accept;
		counter jump filter-tort-FORWARD comment "HASH"
	}
}
`,
  )
  t.strictSame(await writer.apply(world(), true), none, 'and again: nothing to do')
  t.equal(writer.restoreCounters.restores, 1)
})

t.test('an agent that starts again writes nothing, and one that wants something else writes that', async (t) => {
  const sets = (...members: readonly string[]): Partial<World> => ({
    ipSets: [
      { name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(members) },
      { name: 'tort6n:b', type: 'hash:net', family: 6, members: new Set(['fd00::/8', 'fd01::/16', '::1/128']) },
      { name: 'tort4p:c', type: 'hash:ip,port', family: 4, members: new Set(['10.0.0.1,tcp:80', '10.0.0.1,sctp:1']) },
    ],
  })
  await policy(t).writer.apply(world([drop(80), drop(443)], sets('10.0.0.1')), true)
  const before = listed()
  const { writer, repairs } = policy(t)
  t.strictSame(await writer.apply(world([drop(80), drop(443)], sets('10.0.0.1')), true), none)
  t.equal(writer.restoreCounters.restores, 0)
  t.equal(listed(), before)
  const again = policy(t)
  t.strictSame(await again.writer.apply(world([drop(80), drop(444)], sets('10.0.0.2')), true), { ...none, changed: 3 })
  t.strictSame([repairs.total, again.repairs.total], [0, 0], 'none of it is a repair')
  t.match(nft('list', 'set', 'ip', 'tortie', 'tort4s-a'), 'elements = { 10.0.0.2 }')
})

t.test('a change touches only what changed, and sets only the members', async (t) => {
  const { writer } = policy(t)
  const members = new ChangingMembers('10.0.0.1', '10.0.0.2')
  const tracked: IpSet = { name: 'tort4s:a', type: 'hash:ip', family: 4, members }
  const nets = (...texts: readonly string[]): IpSet => ({ name: 'tort4n:b', type: 'hash:net', family: 4, members: new Set(texts) })
  await writer.apply(world([drop(80)], { ipSets: [tracked, nets('10.0.0.0/8', '10.1.0.0/16')] }), true)
  const forward = nft('-a', '-s', 'list', 'chain', 'ip', 'tortie', 'filter-tort-FORWARD')
  members.add('10.0.0.3')
  members.delete('10.0.0.1')
  const { changed } = await writer.apply(world([drop(81)], { ipSets: [{ ...tracked }, nets('10.1.0.0/16', '10.2.0.0/16')] }), true)
  t.equal(changed, 4, 'a chain in each family and the two sets')
  t.equal(nft('-a', '-s', 'list', 'chain', 'ip', 'tortie', 'filter-tort-FORWARD'), forward)
  t.match(nft('list', 'set', 'ip', 'tortie', 'tort4s-a'), /\{ (10\.0\.0\.2, 10\.0\.0\.3|10\.0\.0\.3, 10\.0\.0\.2) \}/)
  t.match(nft('list', 'set', 'ip', 'tortie', 'tort4n-b'), 'elements = { 10.1.0.0/16, 10.2.0.0/16 }')
})

t.test('what nothing wants goes, with the last of it the table', async (t) => {
  const { writer } = policy(t)
  const ipSets: IpSet[] = [{ name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) }]
  const { chains, hooks } = world()
  await writer.apply(
    { ipSets, chains: [...chains, { family: 4, table: 'filter', name: 'tort-x', rules: [fromSet('tort4s:a')] }], hooks },
    true,
  )
  await writer.apply(world(), true)
  t.notMatch(listed(), /tort-x|tort4s/)
  await writer.apply({ ipSets: [], chains: [], hooks: [] }, true)
  t.equal(listed(), '')
})

const drifts: readonly (readonly [what: string, args: readonly string[], repaired: readonly string[]])[] = [
  ['a rule deleted', ['flush', 'chain', 'ip', 'tortie', 'filter-tort-tw-tort1'], ['chain filter/tort-tw-tort1 (IPv4)']],
  ['a rule added', ['insert', 'rule', 'ip6', 'tortie', 'filter-FORWARD', 'accept'], ['hook filter/FORWARD (IPv6)']],
  ['a member deleted', ['delete', 'element', 'ip', 'tortie', 'tort4s-a', '{ 10.0.0.1 }'], ['IP set tort4s-a']],
  ['a member added', ['add', 'element', 'ip', 'tortie', 'tort4s-a', '{ 10.0.0.9 }'], ['IP set tort4s-a']],
  ['an interface led elsewhere', ['flush', 'map', 'ip', 'tortie', 'filter-tort-to-wl'], ['IP set filter-tort-to-wl']],
  ['a chain added', ['add', 'chain', 'ip', 'tortie', 'theirs'], ['chain theirs (IPv4)']],
  ['a set added', ['add', 'set', 'ip', 'tortie', 'theirs', '{ type ipv4_addr; }'], ['IP set theirs']],
  [
    'everything deleted',
    ['delete', 'table', 'ip', 'tortie'],
    ['tort-FORWARD', 'tort-to-wl', 'tort-tw-tort1']
      .map((name) => `chain filter/${name} (IPv4)`)
      .concat('hook filter/FORWARD (IPv4)', 'IP set filter-tort-to-wl', 'IP set tort4s-a'),
  ],
]
for (const [what, args, repaired] of drifts) {
  t.test(`${what} by somebody else is heard and put right`, async (t) => {
    const { writer, repairs, suspected } = policy(t)
    const state = world([drop(80)], {
      ipSets: [{ name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) }],
    })
    await writer.apply(state, true)
    const before = nft('-s', 'list', 'ruleset')
    nft(...args)
    await suspected()
    t.strictSame(await writer.apply(state, true), { ...none, changed: repaired.length, repaired: repaired.length })
    t.strictSame(new Set(repairs.last.map(({ object }) => object)), new Set(repaired))
    t.strictSame(nft('-s', 'list', 'ruleset').split('\n').toSorted(), before.split('\n').toSorted())
  })
}

t.test('a broken ear is noticed: all is read, and what comes later is heard again', async (t) => {
  const { writer, suspected } = policy(t)
  const state = world()
  await writer.apply(state, true)
  for (const chain of ['filter-tort-tw-tort1', 'filter-tort-FORWARD']) {
    closeSync(listeningSocket())
    nft('flush', 'chain', 'ip', 'tortie', chain)
    await suspected()
    t.strictSame(await writer.apply(state, true), { ...none, changed: 1, repaired: 1 })
    nft('flush', 'chain', 'ip6', 'tortie', chain)
    await suspected()
    t.strictSame(await writer.apply(state, true), { ...none, changed: 1, repaired: 1 })
  }
})

t.test('more events than are kept for us: all is read', async (t) => {
  const { writer, suspected } = policy(t)
  const state = world()
  await writer.apply(state, true)
  const rule = 'add rule ip theirs c ip saddr 192.0.2.1 tcp dport 1 counter accept\n'
  const flood = `add table ip theirs\nadd chain ip theirs c\n${rule.repeat(20_000)}flush chain ip tortie filter-tort-tw-tort1\n`
  t.equal(spawnSync('nft', ['-f', '-'], { input: flood }).status, 0)
  await suspected()
  t.strictSame(await writer.apply(state, true), { ...none, changed: 1, repaired: 1 })
})

t.test('what others do in tables of their own is not heard, nor what we do ourselves', async (t) => {
  const socket = await NftSocket.open()
  const watch = await OwnTableWatch.open(socket.port)
  t.teardown(() => socket.close())
  t.teardown(() => watch.close())
  const own = (family: 4 | 6) => {
    const batch = new Batch()
    batch.addTable(family)
    batch.addChain(family, 'filter-x')
    return socket.transact(batch)
  }
  t.strictSame([await own(4), await own(6)], [[], []])
  nft('add', 'table', 'ip', 'theirs')
  nft('add', 'chain', 'ip', 'theirs', 'tortie')
  nft('add', 'table', 'inet', 'tortie')
  t.strictSame([...watch.look()], [])
  nft('flush', 'chain', 'ip6', 'tortie', 'filter-x')
  nft('add', 'rule', 'ip6', 'tortie', 'filter-x', 'accept')
  t.strictSame([...watch.look()], [6])
  t.strictSame([...watch.look()], [], 'once')
})

t.test('what the kernel refuses is closed, the rest is enforced, and it is tried again', async (t) => {
  const { writer } = policy(t)
  const bad: Rule = { match: [{ type: 'in-interface', name: '+', negated: true }], action: { type: 'accept' } } // compares with nothing
  const withBad = (rules: readonly Rule[]): PolicyState => {
    const { chains, hooks } = world([drop(80), { match: [], action: { type: 'jump', chain: 'tort-pi-bad' } }])
    return {
      ipSets: [],
      hooks,
      chains: [...chains, ...families.map((family): Chain => ({ family, table: 'filter', name: 'tort-pi-bad', rules }))],
    }
  }
  const refused = withBad([drop(7), bad])
  const { unprogrammed } = await writer.apply(refused, true)
  t.strictSame([...unprogrammed.keys()], ['chain filter/tort-pi-bad (IPv4)', 'chain filter/tort-pi-bad (IPv6)'])
  t.match(unprogrammed.get('chain filter/tort-pi-bad (IPv4)'), { state: 'failed', closed: true, reason: /^nf_tables: / })
  t.match(
    nft('-s', 'list', 'chain', 'ip', 'tortie', 'filter-tort-pi-bad'),
    /\{\n\t\tcounter drop comment ".{16} Closed: its rules were refused/,
  )
  t.match(nft('-s', 'list', 'chain', 'ip', 'tortie', 'filter-tort-tw-tort1'), 'tcp dport 80')
  t.ok(writer.dueAtMs < Number.POSITIVE_INFINITY)
  t.strictSame((await writer.apply(withBad([drop(7)]), true)).unprogrammed, new Map())
  t.match(nft('-s', 'list', 'chain', 'ip', 'tortie', 'filter-tort-pi-bad'), 'tcp dport 7')
})

t.test('a hundred thousand members and many networks are written, read again and found equal', async (t) => {
  const address = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
  const ipSets = (): IpSet[] => [
    { name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(Array.from({ length: 100_000 }, (_, i) => address(i))) },
    {
      name: 'tort4n:b',
      type: 'hash:net',
      family: 4,
      members: new Set(Array.from({ length: 10_000 }, (_, i) => `${address(i * 2)}/32` as Cidr)),
    },
  ]
  t.strictSame(await policy(t).writer.apply(world([], { ipSets: ipSets() }), true), { ...none, changed: 12 })
  t.strictSame(await policy(t).writer.apply(world([], { ipSets: ipSets() }), true), none)
})

t.test('before the datastore is read, what is there stays', async (t) => {
  await policy(t).writer.apply(world([drop(1)]), true)
  const before = listed()
  const { writer } = policy(t)
  t.equal((await writer.apply(world([drop(2)]), false)).changed, 0)
  t.equal(listed(), before)
  t.equal((await writer.apply(world([drop(2)]), true)).changed, 2)
})
