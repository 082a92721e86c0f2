import { pino } from 'pino'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { Run } from '../../src/os/process.ts'
import type { Chain, IpSet, KernelState, Rule, TableName } from '../kernel.ts'
import type { PolicyState } from '../policy-writer.ts'
import { problemsOf } from '../table-report.ts'
import { changingSet } from '../test-members.ts'
import { makeNetns, type TestNetns } from '../test-netns.ts'
import { TrackedMap } from '../tracked.ts'
import { PolicyTables } from './policy-tables.ts'

const fromSet: Rule = { match: [{ type: 'source-set', set: 'tort4s:a' }], action: { type: 'drop' } }
const toChain: Rule = { match: [], action: { type: 'jump', chain: 'tort-FORWARD' } }
const wanted: Pick<KernelState, 'ipSets' | 'chains' | 'hooks'> = {
  ipSets: [{ name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) }],
  chains: [
    { family: 4, table: 'filter', name: 'tort-FORWARD', rules: [fromSet] },
    { family: 6, table: 'filter', name: 'tort-FORWARD', rules: [] },
    {
      family: 4,
      table: 'raw',
      name: 'tort-PREROUTING',
      rules: [{ match: [{ type: 'reverse-path', fails: true }], action: { type: 'drop' } }],
    },
  ],
  hooks: [{ family: 4, table: 'filter', kernelChain: 'FORWARD', at: 'insert', rule: toChain }],
}
const nothing = { ipSets: [], chains: [], hooks: [] }
const none = { 4: new TrackedMap<Chain>(), 6: new TrackedMap<Chain>() }
const noChains = { filter: none, nat: none, mangle: none, raw: none }
const done = { changed: 0, repaired: 0, unprogrammed: new Map() }

t.test('sets and chains in a kernel', async (t) => {
  let netns: TestNetns
  let nowMs = 0
  const make = (option: 'auto' | 'nft' | 'legacy', run: Run = netns.run) => {
    return new PolicyTables(option, { run, nowMs: () => nowMs, log: pino({ level: 'silent' }) })
  }
  const saved = async () => {
    const outputs = await Promise.all(
      ['iptables-nft-save', 'iptables-legacy-save', 'ip6tables-nft-save'].map((tool) => netns.must(tool, [])),
    )
    return outputs
      .join('')
      .split('\n')
      .filter((line) => line.startsWith(':tort') || line.startsWith('-A'))
  }
  t.beforeEach(async () => {
    nowMs = 0
    netns = await makeNetns()
  })
  t.afterEach(() => netns.remove())

  for (const backend of ['nft', 'legacy'] as const) {
    t.test(`sets come before and go after the chains that refer to them (${backend})`, async (t) => {
      const tables = make(backend)
      t.strictSame(await tables.apply(wanted, true), { ...done, changed: 5 })
      t.strictSame(problemsOf((await tables.apply(wanted, true)).unprogrammed), [])
      const started = netns.started()
      t.strictSame(await tables.apply(wanted, true), done)
      t.equal(await tables.removeUnused(), 0)
      t.equal(netns.started(), started, 'a no-op starts no process')
      t.strictSame(await tables.apply(nothing, true), { ...done, changed: 4 })
      t.equal(await tables.removeUnused(), 1)
      t.strictSame(await saved(), [])
      t.equal(await netns.must('ipset', ['list', '-n']), '')
      t.equal(tables.dueAtMs > nowMs, true)
    })
  }

  const allowed: Rule = { match: [{ type: 'source-set', set: 'tort4s:a' }], action: { type: 'set-mark', value: 1, mask: 1 } }
  const alone: Rule = { match: [{ type: 'source-net', net: '10.0.0.1/32' as Cidr }], action: { type: 'drop' } }
  const narrower: Rule = { ...allowed, match: [...allowed.match, { type: 'protocol', protocol: 'tcp' }] }
  const cases: readonly (readonly [title: string, keepsOut: boolean, before: Rule, now: readonly Rule[], between: readonly string[]])[] = [
    [
      'who is denied by a set, and from now on by a rule, leaves the set when the rule is there',
      true,
      fromSet,
      [fromSet, alone],
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    ],
    ['who comes to a set whose rule gets narrower comes to it when the rule is there', false, allowed, [narrower], ['10.0.0.2']],
  ]
  for (const [title, keepsOut, before, rules, between] of cases) {
    for (const backend of ['nft', 'legacy'] as const) {
      t.test(`${title} (${backend})`, async (t) => {
        const members = async () => {
          const lines = (await netns.must('ipset', ['save'])).split('\n').filter((line) => line.startsWith('add'))
          return lines.map((line) => line.split(' ').at(-1) ?? '').toSorted()
        }
        const atRestore: (readonly string[])[] = []
        const tables = make(backend, async (command, args, options) => {
          if (command.endsWith('-restore')) atRestore.push(await members())
          return netns.run(command, args, options)
        })
        const set = changingSet('tort4s:a', 'hash:ip', '10.0.0.1', '10.0.0.2')
        const ipSets = new TrackedMap<IpSet>()
        ipSets.put(set.name, set)
        const state = (...rules: readonly Rule[]): PolicyState => ({
          policy: { chains: noChains, hooks: [], ipSets, keepsOut: (name) => keepsOut && name === set.name },
          ipSets: [],
          hooks: [],
          chains: [{ family: 4, table: 'filter', name: 'tort-x', rules }],
        })
        t.strictSame((await tables.apply(state(before), true)).unprogrammed, new Map())
        set.members.delete('10.0.0.1')
        set.members.add('10.0.0.3')
        ipSets.touch(set.name)
        atRestore.length = 0
        const now = state(...rules)
        t.strictSame((await tables.apply(now, true)).unprogrammed, new Map())
        t.strictSame(atRestore, [between])
        t.strictSame(await members(), ['10.0.0.2', '10.0.0.3'])
        t.strictSame(await tables.apply(now, true), done)
        set.members.delete('10.0.0.2')
        set.members.add('10.0.0.4')
        ipSets.touch(set.name)
        t.strictSame(await tables.apply(now, true), { ...done, changed: 1 }, 'no rule is other: there is nothing to wait for')
        t.strictSame(await members(), ['10.0.0.3', '10.0.0.4'])
      })
    }
  }

  for (const backend of ['nft', 'legacy'] as const) {
    for (const [from, to] of [
      ['filter', 'mangle'],
      ['mangle', 'raw'],
      ['raw', 'filter'],
    ] as const) {
      t.test(`what denies denies throughout when it moves from ${from} to ${to} (${backend})`, async (t) => {
        const denying = async () => {
          const output = await netns.must(`iptables-${backend}-save`, [])
          return output
            .split(/^\*/m)
            .flatMap((text) => (text.includes('-A tort-pi-p ') ? (text.split('\n')[0] ?? '') : []))
            .toSorted()
        }
        const atRestore: unknown[] = []
        let isLocked = false
        const tables = make(backend, async (command, args, options) => {
          if (!command.endsWith('-restore')) return netns.run(command, args, options)
          atRestore.push(await denying())
          const stderr = 'Another app is currently holding the xtables lock; still 0s 0us time ahead to have a chance to grab the lock...'
          return isLocked ? { exitCode: 4, stdout: '', stderr } : netns.run(command, args, options)
        })
        const state = (table: TableName): PolicyState => ({
          ipSets: [],
          hooks: [
            { family: 4, table, kernelChain: 'OUTPUT', at: 'insert', rule: { match: [], action: { type: 'jump', chain: 'tort-pi-p' } } },
          ],
          chains: [
            { family: 4, table, name: 'tort-pi-p', rules: [{ match: [], action: { type: 'drop' } }] },
            {
              family: 4,
              table: from,
              name: 'tort-x',
              rules: [{ match: [{ type: 'mark', value: 1, mask: 1 }], action: { type: table === from ? 'drop' : 'return' } }],
            },
          ],
        })
        await tables.apply(state(from), true)
        atRestore.length = 0
        isLocked = true
        const { unprogrammed } = await tables.apply(state(to), true)
        t.strictSame([...unprogrammed.keys()], [`chain ${to}/tort-pi-p (IPv4)`, `hook ${to}/OUTPUT (IPv4)`, `chain ${from}/tort-x (IPv4)`])
        t.strictSame(atRestore.splice(0), [[from]], 'while another program has the lock nothing goes')
        isLocked = false
        nowMs = tables.dueAtMs
        t.strictSame((await tables.apply(state(to), true)).unprogrammed, new Map())
        t.strictSame(atRestore, [[from], [from, to].toSorted()])
        t.strictSame(await denying(), [to])
      })
    }
  }

  for (const [backend, checks] of [
    ['nft', ['ip6tables-nft-save -t filter', 'ipset save', 'iptables-nft-save']],
    ['legacy', ['ip6tables-legacy-save -t filter', 'ipset save', 'iptables-legacy-save']],
  ] as const) {
    t.test(
      `an agent that starts on a kernel that is as it should be, and each later check, runs no program that writes (${backend})`,
      async (t) => {
        await make(backend).apply(wanted, true)
        const programs: string[] = []
        const tables = make(backend, (command, args, options) => {
          programs.push([command, ...args].join(' '))
          return netns.run(command, args, options)
        })
        t.strictSame(await tables.apply(wanted, true), done)
        t.equal(await tables.removeUnused(), 0)
        t.strictSame(
          programs.splice(0).toSorted(),
          [
            'cat /proc/net/ip_tables_names',
            'ip6tables-legacy-save',
            'ip6tables-nft-save',
            'ipset save',
            'iptables-legacy-save',
            'iptables-nft-save',
          ],
          'both families once, by both kinds of iptables: one of them is to be chosen',
        )
        nowMs += 3_600_000
        t.strictSame(await tables.apply(wanted, true), done)
        t.strictSame(programs.toSorted(), checks, 'several tables of a family are read by one program')
      },
    )
  }

  t.test('what IPv6 is written with is made while the kernel takes IPv4 (nft)', async (t) => {
    const order: string[] = []
    const tables = make('nft', (command, args, options) => {
      if (command.endsWith('-restore')) order.push(command)
      return netns.run(command, args, options)
    })
    const chain = {
      ...({ family: 6, table: 'filter', name: 'tort-x' } as const),
      get rules(): Rule[] {
        if (order.at(-1) !== 'rules') order.push('rules')
        return [{ match: [], action: { type: 'drop' } }]
      },
    }
    await tables.apply({ ...wanted, chains: [...wanted.chains, chain] }, true)
    t.strictSame(order, ['iptables-nft-restore', 'rules', 'ip6tables-nft-restore', 'iptables-nft-restore'], 'the last is for raw')
    t.match((await saved()).join('\n'), /^-A tort-x /m)
  })

  t.test('who finds that somebody flushed the chains looks at the sets too, long before they are due', async (t) => {
    const tables = make('nft')
    await tables.apply(wanted, true)
    while (tables.dueAtMs < 10_000) {
      nowMs = tables.dueAtMs
      await tables.apply(wanted, true)
    }
    nowMs = 10_000
    const [chain, ...chains] = wanted.chains
    await tables.apply(
      { ...wanted, chains: [{ family: 4, table: 'filter', name: 'tort-FORWARD', rules: [...(chain?.rules ?? []), fromSet] }, ...chains] },
      true,
    )
    await tables.apply(wanted, true)
    await netns.must('iptables-nft', ['-F', 'tort-FORWARD'])
    await netns.must('ipset', ['flush', 'tort4s:a'])
    nowMs = tables.dueAtMs
    t.equal((await tables.apply(wanted, true)).repaired, 1, 'the chain')
    t.equal(tables.dueAtMs, nowMs)
    t.equal((await tables.apply(wanted, true)).repaired, 1, 'the set')
    t.match(await netns.must('ipset', ['save']), 'add tort4s:a 10.0.0.1')
  })

  t.test('auto goes where the rules of others are, and takes away what an earlier choice left', async (t) => {
    const earlier = make('nft')
    await earlier.apply(wanted, true)
    await netns.must('iptables-legacy', ['-A', 'FORWARD', '-i', 'docker0', '-j', 'ACCEPT'])
    const tables = make('auto')
    await tables.apply(wanted, false)
    t.strictSame(tables.choice, { backend: 'legacy', reason: 'rules of others: 0 in nft, 1 in legacy', leftovers: true })
    t.match(await netns.must('iptables-nft-save', []), /:tort-FORWARD/, 'kept until pruning is allowed')
    await tables.apply(wanted, true)
    t.notMatch(await netns.must('iptables-nft-save', []), /tort/)
    t.match(await netns.must('iptables-legacy-save', []), /-A FORWARD .*-j tort-FORWARD\n-A FORWARD -i docker0 -j ACCEPT/)
  })

  t.test('without permission the problem says what to do, and the tables work once there is', async (t) => {
    let allowed = false
    const run: Run = (command, args, options) => {
      return allowed
        ? netns.run(command, args, options)
        : netns.run('setpriv', ['--reuid', '65534', '--clear-groups', command, ...args], options)
    }
    const tables = make('nft', run)
    const { unprogrammed } = await tables.apply(wanted, true)
    t.match(problemsOf(unprogrammed), [
      { severity: 'error', subject: 'IP set tort4s:a', message: /Operation not permitted: run Tortie as root/ },
      {
        severity: 'error',
        subject: 'chain filter/tort-FORWARD (IPv4) and 2 more',
        message: /Permission denied \(you must be root\): run Tortie as root/,
      },
      { severity: 'error', subject: /IPv6/, message: /Permission denied \(you must be root\): run Tortie as root/ },
    ])
    t.match(tables.choice?.problem, /run Tortie as root or with CAP_NET_ADMIN/)
    allowed = true
    nowMs = 60_000
    t.strictSame(await tables.apply(wanted, true), { ...done, changed: 5 })
    t.equal(tables.choice?.problem, undefined)
  })
})
