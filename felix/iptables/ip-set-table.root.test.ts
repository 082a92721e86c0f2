import { pino } from 'pino'
import t from 'tap'
import type { Run } from '../../src/os/process.ts'
import type { IpSet } from '../kernel.ts'
import { changingSet } from '../test-members.ts'
import { makeNetns, type TestNetns } from '../test-netns.ts'
import { TrackedMap } from '../tracked.ts'
import { IpSetTable } from './ip-set-table.ts'

const set = (name: string, type: IpSet['type'], ...members: string[]): IpSet => {
  return { name, type, family: name.startsWith('tort6') ? 6 : 4, members: new Set(members) }
}
const done = { changed: 0, repaired: 0, unprogrammed: new Map() }

t.test('IP sets in a kernel', async (t) => {
  let netns: TestNetns
  let nowMs = 0
  const make = () => new IpSetTable({ run: netns.run, nowMs: () => nowMs, log: pino({ level: 'silent' }) })
  const members = async (name: string) => {
    const saved = (await netns.must('ipset', ['save', name])).split('\n')
    return saved.flatMap((line) => (line.startsWith('add ') ? [line.split(' ')[2] ?? ''] : [])).toSorted()
  }
  const names = async () =>
    (await netns.must('ipset', ['list', '-n']))
      .split('\n')
      .filter((name) => name !== '')
      .toSorted()
  t.beforeEach(async () => {
    nowMs = 0
    netns = await makeNetns()
  })
  t.afterEach(() => netns.remove())

  t.test('sets of every type and family are made in one run, and a set of others is left alone', async (t) => {
    await netns.must('ipset', ['create', 'KUBE-X', 'hash:ip'])
    const table = make()
    table.setStated([
      set('tort4s:a', 'hash:ip', '10.0.0.1', '10.0.0.2'),
      set('tort4n:b', 'hash:net', '10.0.0.0/8', '10.1.1.1/32', '0.0.0.0/0'),
      set('tort4p:c', 'hash:ip,port', '10.0.0.1,tcp:80', '10.0.0.1,sctp:80'),
      set('tort6n:d', 'hash:net', 'fd00::/8', '::ffff:1.2.3.4/128', '::/0'),
      set('tort6s:e', 'hash:ip', 'fd00::1'),
    ])
    t.strictSame(await table.apply(true), { ...done, changed: 5 })
    t.equal(await table.removeUnused(), 0)
    t.equal(netns.started(), 2)
    t.strictSame(await members('tort4s:a'), ['10.0.0.1', '10.0.0.2'])
    t.strictSame(await members('tort4n:b'), ['0.0.0.0/1', '10.0.0.0/8', '10.1.1.1', '128.0.0.0/1'])
    t.strictSame(await members('tort4p:c'), ['10.0.0.1,sctp:80', '10.0.0.1,tcp:80'])
    t.strictSame(await members('tort6n:d'), ['8000::/1', '::/1', '::ffff:1.2.3.4', 'fd00::/8'])
    t.strictSame(await names(), ['KUBE-X', 'tort4n:b', 'tort4p:c', 'tort4s:a', 'tort6n:d', 'tort6s:e'])
  })

  t.test('an apply without a change starts no process; a restarted agent adopts what it finds', async (t) => {
    const sets = () => [set('tort4n:b', 'hash:net', '10.1.1.1/32', '0.0.0.0/0'), set('tort6n:d', 'hash:net', '::ffff:1.2.3.4/128')]
    const table = make()
    table.setStated(sets())
    await table.apply(true)
    const started = netns.started()
    t.strictSame(await table.apply(true), done)
    table.setStated(sets())
    t.strictSame(await table.apply(true), done)
    t.equal(netns.started(), started)
    const next = make()
    next.setStated(sets())
    t.strictSame(await next.apply(true), done)
    t.equal(netns.started(), started + 1, 'it read')
  })

  t.test('a member more and a member less are two lines in one run', async (t) => {
    const table = make()
    table.setStated([set('tort4s:a', 'hash:ip', '10.0.0.1', '10.0.0.2')])
    await table.apply(true)
    const started = netns.started()
    table.setStated([set('tort4s:a', 'hash:ip', '10.0.0.2', '10.0.0.3')])
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.equal(netns.started(), started + 1)
    t.strictSame(await members('tort4s:a'), ['10.0.0.2', '10.0.0.3'])
  })

  t.test('sets that tell their changes: one member is one line, whatever else is in the sets; drift is still found', async (t) => {
    const [a, b] = [changingSet('tort4s:a', 'hash:ip', '10.0.0.1', '10.0.0.2'), changingSet('tort4n:b', 'hash:net', '10.0.0.0/8')]
    const tracked = new TrackedMap<IpSet>()
    for (const one of [a, b]) tracked.put(one.name, one)
    const inputs: string[] = []
    const table = new IpSetTable({
      run: (command, args, options) => {
        inputs.push(options?.input ?? args.join(' '))
        return netns.run(command, args, options)
      },
      nowMs: () => nowMs,
      log: pino({ level: 'silent' }),
    })
    table.setStated([], tracked)
    t.strictSame(await table.apply(true), { ...done, changed: 2 })
    inputs.length = 0
    a.members.add('10.0.0.3')
    a.members.delete('10.0.0.1')
    tracked.touch(a.name)
    table.setStated([], tracked)
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.strictSame(inputs, ['add tort4s:a 10.0.0.3\ndel tort4s:a 10.0.0.1\n'])
    b.members.add('0.0.0.0/0')
    tracked.touch(b.name)
    tracked.delete(a.name)
    table.setStated([], tracked)
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.equal(await table.removeUnused(), 1)
    t.strictSame([await names(), await members(b.name)], [[b.name], ['0.0.0.0/1', '10.0.0.0/8', '128.0.0.0/1']])
    await netns.must('ipset', ['del', b.name, '10.0.0.0/8'])
    nowMs = table.dueAtMs
    t.strictSame(await table.apply(true), { ...done, changed: 1, repaired: 1 })
    for (let i = 0; i < 5_000; i++) b.members.add(`10.${i >> 8}.${i & 255}.0/24`)
    tracked.touch(b.name)
    inputs.length = 0
    table.setStated([], tracked)
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.equal(inputs[0], 'save', 'more than it remembers: what the kernel has is read')
    t.equal((await members(b.name)).length, 5_003)
  })

  t.test('before pruning is allowed a member that went stays, and goes once it is', async (t) => {
    const a = changingSet('tort4s:a', 'hash:ip', '10.0.0.1')
    const tracked = new TrackedMap<IpSet>()
    tracked.put(a.name, a)
    const table = make()
    table.setStated([], tracked)
    await table.apply(false)
    a.members.add('10.0.0.2')
    a.members.delete('10.0.0.1')
    tracked.touch(a.name)
    table.setStated([], tracked)
    const kept = { state: 'pending', reason: 'kept as found until the datastore is read' } as const
    t.strictSame(await table.apply(false), { ...done, changed: 1, unprogrammed: new Map([['IP set tort4s:a', kept]]) })
    t.strictSame(await members(a.name), ['10.0.0.1', '10.0.0.2'])
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.strictSame(await members(a.name), ['10.0.0.2'])
  })

  t.test('drift is seen by the check after a write, repaired and counted', async (t) => {
    const table = make()
    table.setStated([set('tort4s:a', 'hash:ip', '10.0.0.1'), set('tort4s:b', 'hash:ip', '10.0.0.1')])
    await table.apply(true)
    await netns.must('ipset', ['flush', 'tort4s:a'])
    await netns.must('ipset', ['add', 'tort4s:a', '10.6.6.6'])
    await netns.must('ipset', ['destroy', 'tort4s:b'])
    t.strictSame(await table.apply(true), done, 'not due yet')
    nowMs = table.dueAtMs
    t.strictSame(await table.apply(true), { ...done, changed: 2, repaired: 2 })
    t.strictSame([await members('tort4s:a'), await members('tort4s:b')], [['10.0.0.1'], ['10.0.0.1']])
    nowMs = table.dueAtMs
    t.strictSame(await table.apply(true), done)
  })

  t.test('unused sets go only once pruning is allowed, and not while a rule refers to them', async (t) => {
    const first = make()
    first.setStated([set('tort4s:old', 'hash:ip', '10.0.0.1'), set('tort4s:a', 'hash:ip', '10.0.0.1')])
    await first.apply(true)
    await netns.must('iptables-legacy', ['-A', 'FORWARD', '-m', 'set', '--match-set', 'tort4s:old', 'src', '-j', 'DROP'])
    const table = make()
    table.setStated([set('tort4s:a', 'hash:ip', '10.0.0.2')])
    t.strictSame(await table.apply(false), {
      changed: 1,
      repaired: 0,
      unprogrammed: new Map([['IP set tort4s:a', { state: 'pending', reason: 'kept as found until the datastore is read' }]]),
    })
    t.equal(await table.removeUnused(), 0)
    t.strictSame(await members('tort4s:a'), ['10.0.0.1', '10.0.0.2'])
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.equal(await table.removeUnused(), 0)
    t.strictSame([await names(), await members('tort4s:a')], [['tort4s:a', 'tort4s:old'], ['10.0.0.2']])
    const started = netns.started()
    t.equal(await table.removeUnused(), 0)
    t.equal(netns.started(), started, 'not tried again before it is due')
    await netns.must('iptables-legacy', ['-F', 'FORWARD'])
    nowMs += 100
    t.equal(await table.removeUnused(), 1)
    t.strictSame(await names(), ['tort4s:a'])
  })

  t.test('a set of another size is swapped under the rule that refers to it', async (t) => {
    await netns.must('ipset', ['create', 'tort4s:a', 'hash:ip', 'maxelem', '5'])
    await netns.must('iptables-legacy', ['-A', 'FORWARD', '-m', 'set', '--match-set', 'tort4s:a', 'src', '-j', 'DROP'])
    const table = make()
    table.setStated([set('tort4s:a', 'hash:ip', '10.0.0.1')])
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.match(await netns.must('ipset', ['save']), /^create tort4s:a hash:ip .*maxelem 1048576.*\nadd tort4s:a 10\.0\.0\.1\n$/)
  })

  t.test('one set that is refused does not hold up the others; it is retried', async (t) => {
    await netns.must('ipset', ['create', 'tort4s:b', 'hash:net'])
    await netns.must('iptables-legacy', ['-A', 'FORWARD', '-m', 'set', '--match-set', 'tort4s:b', 'src', '-j', 'DROP'])
    const table = make()
    table.setStated([
      set('tort4s:a', 'hash:ip', '10.0.0.1'),
      set('tort4s:b', 'hash:ip', '10.0.0.1'),
      set('tort4s:c', 'hash:ip', '10.0.0.1'),
    ])
    t.strictSame(await table.apply(true), {
      changed: 2,
      repaired: 0,
      unprogrammed: new Map([
        [
          'IP set tort4s:b',
          {
            state: 'failed',
            reason: 'ipset: Set cannot be destroyed: it is in use by a kernel component in "destroy tort4s:b"',
            closed: true,
          },
        ],
      ]),
    })
    t.strictSame([await members('tort4s:a'), await members('tort4s:c')], [['10.0.0.1'], ['10.0.0.1']])
    t.strictSame([...table.broken.keys()], ['tort4s:b'])
    table.setStated([set('tort4s:a', 'hash:ip', '10.0.0.2'), set('tort4s:b', 'hash:ip', '10.0.0.1')])
    t.strictSame([...(await table.apply(true)).unprogrammed.keys()], ['IP set tort4s:b'], 'while others change')
    await netns.must('iptables-legacy', ['-F', 'FORWARD'])
    nowMs += 100
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    t.strictSame(await members('tort4s:b'), ['10.0.0.1'])
  })

  t.test('a set that is full is broken until it may be larger; what it held before is no excuse for what it lacks', async (t) => {
    const table = make()
    table.maxMembers = 4
    const four = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']
    table.setStated([set('tort4s:a', 'hash:ip', ...four), set('tort4s:b', 'hash:ip', ...four)])
    t.strictSame(await table.apply(true), { ...done, changed: 2 })
    table.setStated([set('tort4s:a', 'hash:ip', ...four, '10.0.0.5'), set('tort4s:b', 'hash:ip', '10.0.0.9')])
    const { unprogrammed } = await table.apply(true)
    t.match([...unprogrammed], [['IP set tort4s:a', { state: 'failed', reason: /^ipset: .*[Hh]ash is full/, closed: true }]])
    t.equal(unprogrammed.size, 1)
    t.strictSame(await members('tort4s:b'), ['10.0.0.9'], 'what went makes room')
    table.maxMembers = 5
    t.strictSame((await table.apply(true)).unprogrammed, new Map())
    t.equal(table.broken.size, 0)
    t.strictSame(await members('tort4s:a'), [...four, '10.0.0.5'])
    t.match(await netns.must('ipset', ['list', '-t', 'tort4s:a']), /maxelem 5/)
  })

  t.test('the view shows wanted beside programmed', async (t) => {
    await netns.must('ipset', ['create', 'tort4s:old', 'hash:net'])
    const table = make()
    table.setStated([set('tort4s:a', 'hash:ip', '10.0.0.1')])
    await table.apply(true)
    const shown = { type: 'hash:ip', members: 1 }
    t.strictSame(table.entries(), [
      { name: 'tort4s:a', wanted: shown, programmed: shown, status: { state: 'programmed' } },
      { name: 'tort4s:old', programmed: { type: 'hash:net', members: 0 }, status: { state: 'pending', reason: 'not wanted any more' } },
    ])
  })
})

t.test('without ipset every set says which package to install', async (t) => {
  const run = async () => ({
    exitCode: 127,
    stdout: '',
    stderr: 'ipset is not installed: run "apt-get install ipset"',
    missingPackage: 'ipset',
  })
  const table = new IpSetTable({ run, nowMs: () => 0, log: pino({ level: 'silent' }) })
  table.setStated([set('tort4s:a', 'hash:ip')])
  const reason = 'ipset is not installed: run "apt-get install ipset"'
  t.strictSame(await table.apply(true), { ...done, unprogrammed: new Map([['IP set tort4s:a', { state: 'failed', reason }]]) })
})

t.test(
  'where ipset is ended in the middle, a set that is new is broken until it is known to be whole; one that was there only lags',
  async (t) => {
    let nowMs = 0
    const created = 'create tort4s:old hash:ip family inet hashsize 1024 maxelem 1048576\nadd tort4s:old 10.0.0.1'
    const half = 'create tort4s:new hash:ip family inet hashsize 1024 maxelem 1048576\nadd tort4s:new 10.0.0.1'
    let saved = created
    let exitCode = 124
    const run: Run = async (_command, [first], { input = '' }) => {
      if (first === 'save') return { exitCode: 0, stdout: saved, stderr: '' }
      if (exitCode === 0) lines.push(...input.trim().split('\n'))
      return { exitCode, stdout: '', stderr: '' }
    }
    const lines: string[] = []
    const table = new IpSetTable({ run, nowMs: () => nowMs, log: pino({ level: 'silent' }) })
    table.setStated([set('tort4s:new', 'hash:ip', '10.0.0.1', '10.0.0.2'), set('tort4s:old', 'hash:ip', '10.0.0.1', '10.0.0.2')])
    const { unprogrammed } = await table.apply(true)
    const reason = 'ipset failed with exit code 124'
    t.strictSame(unprogrammed.get('IP set tort4s:new'), { state: 'failed', reason, closed: true })
    t.strictSame(unprogrammed.get('IP set tort4s:old'), { state: 'failed', reason })
    t.strictSame([...table.broken], [['tort4s:new', reason]])
    saved = `${created}\n${half}`
    exitCode = 0
    nowMs = table.dueAtMs
    t.strictSame((await table.apply(true)).unprogrammed, new Map())
    t.strictSame([lines, table.broken.size], [['add tort4s:new 10.0.0.2', 'add tort4s:old 10.0.0.2'], 0])
  },
)
