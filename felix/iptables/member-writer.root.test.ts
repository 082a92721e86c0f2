import { pino } from 'pino'
import t from 'tap'
import { type Run, run } from '../../src/os/process.ts'
import type { IpSet } from '../kernel.ts'
import { changingSet } from '../test-members.ts'
import { enterNetns } from '../test-netns.ts'
import { TrackedMap } from '../tracked.ts'
import { IpSetCounts } from './ip-set-counts.ts'
import { IpSetTable } from './ip-set-table.ts'
import { type SetChange, setChange } from './ip-set-text.ts'
import { MemberWriter } from './member-writer.ts'

const log = pino({ level: 'silent' })
const done = { changed: 0, repaired: 0, unprogrammed: new Map() }

async function ipset(args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run('ipset', args, { timeoutMs: 20_000, ...(input !== undefined && { input }) })
  if (exitCode !== 0) throw new Error(stderr)
  return stdout
}

async function membersOf(name: string): Promise<string[]> {
  const lines = (await ipset(['save', name])).split('\n')
  return lines.flatMap((line) => (line.startsWith('add ') ? [line.split(' ')[2] ?? ''] : [])).toSorted()
}

const changeOf = (name: string, ...lines: readonly string[]): SetChange => ({
  name,
  commands: lines.map((line) => line.replace(' ', ` ${name} `)),
  members: lines.map((line) => ({ verb: line.startsWith('add') ? 'add' : 'del', member: line.slice(4) })),
})

t.beforeEach(() => enterNetns())

t.test('members of sets that are there, by netlink', async (t) => {
  let writer: MemberWriter
  t.beforeEach(() => {
    writer = new MemberWriter(log)
  })
  t.afterEach(() => writer.close())

  type Case = [type: IpSet['type'], family: 4 | 6, before: string[], after: string[], saved: string[]]
  const cases: Case[] = [
    ['hash:ip', 4, ['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.3'], ['10.0.0.2', '10.0.0.3']],
    ['hash:ip', 6, ['fd00::1'], ['fd00::2', '::ffff:1.2.3.4'], ['::ffff:1.2.3.4', 'fd00::2']],
    ['hash:net', 4, ['10.0.0.0/8', '10.1.0.0/16'], ['10.0.0.0/8', '192.0.2.1/32'], ['10.0.0.0/8', '192.0.2.1']],
    ['hash:net', 4, ['10.0.0.0/8'], ['0.0.0.0/0'], ['0.0.0.0/1', '128.0.0.0/1']],
    ['hash:net', 4, ['0.0.0.0/0'], ['0.0.0.0/1'], ['0.0.0.0/1']],
    ['hash:net', 6, ['fd00::/8', '::/0'], ['fd00::/9', 'fd00::1/128'], ['fd00::/9', 'fd00::1']],
    ['hash:net', 6, [], ['::/0'], ['8000::/1', '::/1']],
    [
      'hash:ip,port',
      4,
      ['10.0.0.1,tcp:80', '10.0.0.1,udp:53'],
      ['10.0.0.1,udp:80', '10.0.0.1,sctp:80', '10.0.0.1,tcp:65535'],
      ['10.0.0.1,sctp:80', '10.0.0.1,tcp:65535', '10.0.0.1,udp:80'],
    ],
    ['hash:ip,port', 6, ['fd00::1,tcp:80'], ['fd00::1,sctp:80', 'fd00::1,udp:80'], ['fd00::1,sctp:80', 'fd00::1,udp:80']],
  ]
  for (const [type, family, before, after, saved] of cases) {
    t.test(`${type}, IPv${family}: ${before.join(' ')} becomes ${after.join(' ')}`, async (t) => {
      const set = (members: readonly string[]): IpSet => ({ name: 'tort:a', type, family, members: new Set(members) })
      const made = setChange(set(before), undefined, true)
      await ipset(['restore'], `${made.commands.join('\n')}\n`)
      const change = setChange(set(after), { type, family, maxMembers: 1_048_576, members: new Set(before) }, true)
      t.strictSame(await writer.write([change]), new Set())
      t.strictSame(await membersOf('tort:a'), saved)
      t.strictSame(await writer.write([change]), new Set(), 'a member that is there, or is not, is no error')
      t.strictSame(await membersOf('tort:a'), saved)
    })
  }

  t.test('a refusal names its set, and the others are written', async (t) => {
    await ipset(['restore'], 'create tort:a hash:ip\ncreate tort:full hash:ip maxelem 1\ncreate tort:net hash:net\n')
    const changes = [
      changeOf('tort:full', 'add 10.0.0.1', 'add 10.0.0.2'),
      changeOf('tort:gone', 'add 10.0.0.1'),
      changeOf('tort:net', 'add 10.0.0.0/0'),
      changeOf('tort:a', 'add 10.0.0.1', 'add 10.0.0.2'),
    ]
    t.strictSame(await writer.write(changes), new Set(['tort:full', 'tort:gone', 'tort:net']))
    t.strictSame(await membersOf('tort:a'), ['10.0.0.1', '10.0.0.2'])
    t.strictSame(await writer.write(changes.toReversed()), new Set(['tort:full', 'tort:gone', 'tort:net']), 'also if the last is refused')
  })

  t.test('thousands of members in one batch, and as many refusals', async (t) => {
    await ipset(['create', 'tort:a', 'hash:ip'])
    const lines = Array.from({ length: 3_000 }, (_, i) => `add 10.0.${i >> 8}.${i & 255}`)
    t.strictSame(
      await writer.write([changeOf('tort:gone', ...lines.slice(0, 1_000)), changeOf('tort:a', ...lines)]),
      new Set(['tort:gone']),
    )
    t.equal((await membersOf('tort:a')).length, 3_000)
  })

  t.test('one that was closed leaves everything to others', async (t) => {
    await ipset(['create', 'tort:a', 'hash:ip'])
    writer.close()
    t.strictSame(await writer.write([changeOf('tort:a', 'add 10.0.0.1')]), new Set(['tort:a']))
    t.strictSame(await membersOf('tort:a'), [])
  })
})

t.test('a table of IP sets', async (t) => {
  let nowMs = 0
  let inputs: string[] = []
  let writer: MemberWriter
  const recorded: Run = (command, args, options) => {
    inputs.push(options.input ?? args.join(' '))
    return run(command, args, options)
  }
  const make = () => new IpSetTable({ run: recorded, nowMs: () => nowMs, log, writeMembers: (changes) => writer.write(changes) })
  t.beforeEach(() => {
    nowMs = 0
    inputs = []
    writer = new MemberWriter(log)
  })
  t.afterEach(() => writer.close())

  /** One set with these members is in the kernel, and `state` says again what is wanted. */
  async function filled(...members: readonly string[]) {
    const set = changingSet('tort4s:a', 'hash:ip', ...members)
    const tracked = new TrackedMap<IpSet>()
    tracked.put(set.name, set)
    const table = make()
    const apply = () => {
      tracked.touch(set.name)
      table.setStated([], tracked)
      return table.apply(true)
    }
    return { table, set, apply, tracked }
  }

  t.test('a member more and one less start no program, and are not taken for drift', async (t) => {
    const { table, set, apply } = await filled('10.0.0.1', '10.0.0.2')
    t.strictSame(await apply(), { ...done, changed: 1 })
    nowMs = table.dueAtMs
    await table.apply(true)
    table.isWatched = true
    inputs = []
    set.members.add('10.0.0.3')
    set.members.add('10.0.0.4')
    set.members.delete('10.0.0.1')
    t.strictSame(await apply(), { ...done, changed: 1 })
    t.strictSame(inputs, [])
    t.strictSame(await membersOf(set.name), ['10.0.0.2', '10.0.0.3', '10.0.0.4'])
    const counts = await IpSetCounts.open()
    const dueAtMs = table.dueAtMs
    table.compare(counts.read())
    t.equal(table.dueAtMs, dueAtMs, 'the counts are as written')
    await ipset(['del', set.name, '10.0.0.3'])
    table.compare(counts.read())
    counts.close()
    t.equal(table.dueAtMs, nowMs, 'what somebody else did is seen')
    t.strictSame(await table.apply(true), { ...done, changed: 1, repaired: 1 })
    t.strictSame(inputs, ['save'], 'the repair is a small change, too')
    t.strictSame(await membersOf(set.name), ['10.0.0.2', '10.0.0.3', '10.0.0.4'])
  })

  t.test('a set that is made, and more than 1,000 members, are for ipset restore', async (t) => {
    const { set, apply, tracked } = await filled('10.0.0.1')
    await apply()
    inputs = []
    for (let i = 0; i < 1_001; i++) set.members.add(`10.1.${i >> 8}.${i & 255}`)
    t.strictSame(await apply(), { ...done, changed: 1 })
    t.equal(inputs.length, 1)
    for (let i = 0; i < 1_000; i++) set.members.delete(`10.1.${i >> 8}.${i & 255}`)
    t.strictSame(await apply(), { ...done, changed: 1 })
    t.equal(inputs.length, 1)
    t.strictSame(await membersOf(set.name), ['10.0.0.1', '10.1.3.232'])
    set.members.add('10.0.0.2')
    tracked.put('tort4s:b', changingSet('tort4s:b', 'hash:ip', '10.0.0.9'))
    t.strictSame(await apply(), { ...done, changed: 2 })
    const create = 'create tort4s:b hash:ip family inet hashsize 64 maxelem 1048576'
    t.strictSame(inputs.slice(1), [`${create}\nadd tort4s:b 10.0.0.9\nadd tort4s:a 10.0.0.2\n`], 'all of it in one run')
    t.strictSame([await membersOf(set.name), await membersOf('tort4s:b')], [['10.0.0.1', '10.0.0.2', '10.1.3.232'], ['10.0.0.9']])
  })

  t.test('a set that is full has the status that ipset gives, and what goes makes room', async (t) => {
    const { table, set, apply } = await filled('10.0.0.1', '10.0.0.2')
    table.maxMembers = 2
    await apply()
    set.members.add('10.0.0.3')
    const { unprogrammed, changed } = await apply()
    t.match(
      [changed, [...unprogrammed]],
      [0, [['IP set tort4s:a', { state: 'failed', reason: /^ipset: .*[Hh]ash is full/, closed: true }]]],
    )
    t.strictSame([...table.broken.keys()], [set.name])
    set.members.delete('10.0.0.1')
    nowMs = table.dueAtMs
    t.strictSame((await apply()).unprogrammed, new Map())
    t.equal(table.broken.size, 0)
    inputs = []
    set.members.delete('10.0.0.2')
    set.members.add('10.0.0.4')
    t.strictSame(await apply(), { ...done, changed: 1 })
    t.strictSame(inputs, [])
    t.strictSame(await membersOf(set.name), ['10.0.0.3', '10.0.0.4'])
  })

  t.test('a set that somebody destroyed is refused, and made again with the next try', async (t) => {
    const { table, set, apply } = await filled('10.0.0.1')
    await apply()
    await ipset(['destroy', set.name])
    set.members.add('10.0.0.2')
    const { unprogrammed } = await apply()
    t.match([...unprogrammed], [['IP set tort4s:a', { state: 'failed', reason: /does not exist/, closed: true }]])
    nowMs = table.dueAtMs
    t.strictSame((await table.apply(true)).unprogrammed, new Map())
    t.strictSame(await membersOf(set.name), ['10.0.0.1', '10.0.0.2'])
  })

  t.test('without netlink ipset restore writes the same', async (t) => {
    const { set, apply } = await filled('10.0.0.1')
    await apply()
    writer.close()
    inputs = []
    set.members.add('10.0.0.2')
    t.strictSame(await apply(), { ...done, changed: 1 })
    t.strictSame(inputs, ['add tort4s:a 10.0.0.2\n'])
    t.strictSame(await membersOf(set.name), ['10.0.0.1', '10.0.0.2'])
  })
})
