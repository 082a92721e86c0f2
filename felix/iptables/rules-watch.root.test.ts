import { EventEmitter, once } from 'node:events'
import { pino } from 'pino'
import t from 'tap'
import { type Run, run } from '../../src/os/process.ts'
import { enterNetns } from '../test-netns.ts'
import type { Backend } from './iptables-tool.ts'
import { LegacyGeneration } from './legacy-generation.ts'
import { NftChanges, type RulesPlace } from './nft-changes.ts'
import { OwnPrograms } from './own-programs.ts'
import { RulesWatch, type RulesWatchDependencies } from './rules-watch.ts'

await enterNetns()
const awake = setInterval(() => undefined, 1_000) // the watch alone keeps no process alive
t.teardown(() => clearInterval(awake))

async function must(command: string, args: string, input?: string, by: Run = run): Promise<void> {
  const { exitCode, stderr } = await by(command, args.split(' '), { timeoutMs: 20_000, ...(input !== undefined && { input }) })
  if (exitCode !== 0) throw new Error(`${command} ${args}: ${stderr}`)
}

function watch(dependencies: Partial<RulesWatchDependencies>): RulesWatch {
  return new RulesWatch({
    backend: () => 'nft',
    isOwn: () => false,
    onChange: () => undefined,
    onWatched: () => undefined,
    nowMs: () => performance.now(),
    log: pino({ level: 'silent' }),
    ...dependencies,
  })
}

const filter4: RulesPlace = { family: 4, table: 'filter' }

t.test('nft: each change of a chain of ours or one with our jumps is told with its table, whoever else did it', async (t) => {
  await enterNetns()
  const programs = new OwnPrograms(run, () => performance.now())
  const changes = await NftChanges.open((pid) => programs.has(pid))
  t.teardown(() => changes.close())
  const ours = '*filter\n:tort-a - -\n-A tort-a -s 10.0.0.1 -j DROP\n-A tort-a -j ACCEPT\n-I FORWARD -j tort-a\nCOMMIT\n'
  await must('iptables-nft-restore', '--noflush', ours, programs.run)
  t.strictSame(changes.look(), [], 'what we wrote is no news')
  for (const [command, args] of [
    ['iptables-nft', '-F tort-a'],
    ['iptables-nft', '-A tort-a -j ACCEPT'],
    ['iptables-nft', '-R tort-a 1 -j DROP'],
    ['iptables-nft', '-I FORWARD -i docker0 -j ACCEPT'],
    ['iptables-nft', '-D FORWARD -j tort-a'],
    ['iptables-nft', '-F'],
    ['iptables-nft', '-X tort-a'],
    ['nft', 'flush chain ip filter FORWARD'],
    ['nft', 'delete table ip filter'],
  ] as const) {
    if (command === 'nft') await must('iptables-nft', '-A FORWARD -j ACCEPT', undefined, programs.run)
    t.strictSame(changes.look(), [], `before ${args}`)
    await must(command, args)
    t.strictSame(changes.look(), [filter4], args)
  }
  await must('ip6tables-nft', '-t raw -A PREROUTING -j ACCEPT')
  t.strictSame(changes.look(), [{ family: 6, table: 'raw' }])
})

t.test('nft: chains and tables of others are their own business, and reading is no change', async (t) => {
  await enterNetns()
  const changes = await NftChanges.open(() => false)
  t.teardown(() => changes.close())
  await must('iptables-nft-restore', '--noflush', '*nat\n:KUBE-SERVICES - -\n-A KUBE-SERVICES -j RETURN\nCOMMIT\n')
  await must('iptables-nft', '-F KUBE-SERVICES -t nat')
  await must('nft', 'add table inet firewalld')
  await must('iptables-nft-save', '-t nat')
  t.strictSame(changes.look(), [])
})

t.test('nft: more than the kernel keeps for us: anything may have changed', async (t) => {
  await enterNetns()
  const changes = await NftChanges.open(() => false)
  t.teardown(() => changes.close())
  const rules = Array.from(
    { length: 5_000 },
    (_, i) => `-A OTHER -s 10.1.${i >> 8}.${i & 255} -m comment --comment ${'x'.repeat(200)} -j DROP`,
  )
  for (let i = 0; i < 12; i++) await must('iptables-nft-restore', '--noflush', `*filter\n:OTHER - -\n${rules.join('\n')}\nCOMMIT\n`)
  t.equal(changes.look(), undefined)
  t.strictSame(changes.look(), [], 'once')
})

t.test('legacy: counts are other when rules come or go, contents also when they are only replaced or in another order', async (t) => {
  await enterNetns()
  const tables = await LegacyGeneration.open()
  t.teardown(() => tables.close())
  t.strictSame(tables.counts(), [], 'where no table is, looking makes none')
  t.strictSame(tables.contents(), [])
  const rules = '-A FORWARD -s 10.0.0.1 -j ACCEPT\n-A FORWARD -s 10.0.0.2 -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n'
  await must('iptables-legacy-restore', '--noflush', `*filter\n${rules}COMMIT\n`)
  const look = () => ({ counts: tables.counts(), contents: tables.contents() })
  const before = look()
  t.match(before.counts, [{ ...filter4, generation: /^[0-9a-f]{104}$/ }])
  await must('iptables-legacy-save', '-c')
  await must('socat', '-u OPEN:/dev/null UDP4-SENDTO:127.0.0.1:9')
  t.strictSame(look(), before, 'neither reading nor packets change it')
  await must('iptables-legacy', '-R FORWARD 1 -s 10.0.0.3 -j ACCEPT')
  const replaced = look()
  t.strictSame(replaced.counts, before.counts)
  t.notSame(replaced.contents, before.contents)
  await must(
    'iptables-legacy-restore',
    '--noflush',
    `*filter\n-F FORWARD\n${rules.split('\n').slice(0, 2).toReversed().join('\n')}\nCOMMIT\n`,
  )
  t.notSame(look().contents, before.contents, 'another order')
  await must('iptables-legacy-restore', '--noflush', `*filter\n-F FORWARD\n${rules.split('\n').slice(0, 2).join('\n')}\nCOMMIT\n`)
  t.strictSame(look(), before, 'as it was')
  await must('ip6tables-legacy', '-A FORWARD -s fd00::1 -j ACCEPT')
  t.strictSame(
    tables.contents().map(({ family }) => family),
    [4, 6],
  )
  await must('iptables-legacy', '-F')
  t.notSame(look().counts.slice(0, 1), before.counts)
})

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`${backend}: the first look doubts all tables, the next ones tell what changed`, async (t) => {
    await enterNetns()
    await must(`iptables-${backend}`, '-A FORWARD -j ACCEPT')
    const heard = new EventEmitter()
    const changes: (readonly RulesPlace[] | undefined)[] = []
    const watched: boolean[] = []
    const onChange = (places: readonly RulesPlace[] | undefined) => {
      changes.push(places)
      heard.emit('change')
    }
    const rules = watch({ backend: () => backend, onChange, onWatched: (isWatched) => watched.push(isWatched) })
    t.teardown(() => rules.close())
    await once(heard, 'change')
    t.equal(changes[0], undefined)
    const first = changes.length // on legacy a table seen for the first time is another change
    await Promise.all([once(heard, 'change'), must(`iptables-${backend}`, '-A FORWARD -i docker0 -j ACCEPT')])
    t.match(changes[first], [filter4])
    t.strictSame(watched, [true])
  })
}

t.test('nftables are heard from the start, before anybody looks', async (t) => {
  await enterNetns()
  const watched: boolean[] = []
  const rules = watch({ backend: () => undefined, onWatched: (isWatched) => watched.push(isWatched) })
  t.teardown(() => rules.close())
  await rules.start()
  t.strictSame(watched, [true])
})

t.test('a watch before the backend is chosen asks nobody; after another choice it asks the other', async (t) => {
  await enterNetns()
  let chosen: Backend | undefined
  const heard = new EventEmitter()
  const asked: (Backend | undefined)[] = []
  const backend = () => {
    asked.push(chosen)
    heard.emit('asked')
    return chosen
  }
  const rules = watch({ backend, onChange: () => heard.emit('change') })
  t.teardown(() => rules.close())
  await once(heard, 'asked')
  chosen = 'legacy'
  await once(heard, 'change')
  chosen = 'nft'
  await once(heard, 'change')
  t.strictSame([...new Set(asked)], [undefined, 'legacy', 'nft'])
})
