import { pino } from 'pino'
import t from 'tap'
import type { Chain, Hook, Rule } from '../kernel.ts'
import { makeNetns, type TestNetns } from '../test-netns.ts'
import { TrackedMap } from '../tracked.ts'
import { ChainTable } from './chain-table.ts'
import { type Backend, toolName } from './iptables-tool.ts'

const drop: Rule = { match: [], action: { type: 'drop' } }
const mark: Rule = {
  match: [{ type: 'protocol', protocol: 'udp' }],
  action: { type: 'set-mark', value: 0x10000, mask: 0x10000 },
  comment: 'Allow',
}
const chain = (name: string, ...rules: Rule[]): Chain => ({ family: 4, table: 'filter', name, rules })
const jump = (name: string): Rule => ({ match: [], action: { type: 'jump', chain: name } })
const hook = (rule: Rule, at: Hook['at'] = 'insert', kernelChain = 'FORWARD'): Hook => ({
  family: 4,
  table: 'filter',
  kernelChain,
  at,
  rule,
})

const acceptMarked: Rule = { match: [{ type: 'mark', value: 0x10000, mask: 0x10000 }], action: { type: 'accept' } }
const hooks = [hook(jump('tort-FORWARD')), hook(acceptMarked, 'append')]
const forward = chain('tort-FORWARD', jump('tort-policy'))

/** What dockerd leaves in a filter table. */
const docker = `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A DOCKER-USER -j RETURN
COMMIT
`

const programmed = { changed: 0, repaired: 0, unprogrammed: new Map() }

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`on ${backend}`, async (t) => {
    let netns: TestNetns
    let nowMs = 0
    const make = (): ChainTable =>
      new ChainTable({ family: 4, table: 'filter', backend }, { run: netns.run, nowMs: () => nowMs, log: pino({ level: 'silent' }) })
    const save = () => savedRules(netns, backend)
    const outsiders = async () => (await save()).filter((line) => !line.includes('tort'))
    const restore = (input: string) => netns.must(toolName(4, backend, 'restore'), ['--noflush'], input)
    t.beforeEach(async () => {
      nowMs = 0
      netns = await makeNetns()
    })
    t.afterEach(() => netns.remove())

    t.test('chains and hooks arrive in one restore, around what is there', async (t) => {
      await restore(docker)
      const table = make()
      table.setStated([forward, chain('tort-policy', mark, drop)], hooks)
      t.strictSame(await table.apply(true), { ...programmed, changed: 3 })
      t.equal(netns.started(), 2, 'one save and one restore')
      t.strictSame(withoutHashes(await save()), [
        ':INPUT ACCEPT',
        ':FORWARD DROP',
        ':OUTPUT ACCEPT',
        ':DOCKER -',
        ':DOCKER-USER -',
        ':tort-FORWARD -',
        ':tort-policy -',
        '-A FORWARD -m comment --comment "tortie:#" -j tort-FORWARD',
        '-A FORWARD -j DOCKER-USER',
        '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-A FORWARD -o docker0 -j DOCKER',
        '-A FORWARD -m mark --mark 0x10000/0x10000 -m comment --comment "tortie:#" -j ACCEPT',
        '-A DOCKER-USER -j RETURN',
        '-A tort-FORWARD -j tort-policy',
        '-A tort-policy -p udp -m comment --comment "tortie:# Allow" -j MARK --set-xmark 0x10000/0x10000',
        '-A tort-policy -m comment --comment "tortie:#" -j DROP',
      ])
    })

    t.test('an apply without a change starts no process, be the objects the same or equal', async (t) => {
      const table = make()
      table.setStated([forward, chain('tort-policy', drop)], hooks)
      await table.apply(true)
      const before = netns.started()
      t.strictSame(await table.apply(true), programmed)
      table.setStated([forward, chain('tort-policy', drop)], [...hooks])
      t.strictSame(await table.apply(true), programmed)
      t.equal(netns.started(), before)
    })

    t.test('a restarted agent adopts what it finds: it reads and writes nothing', async (t) => {
      await restore(docker)
      const stated: [Chain[], Hook[]] = [[forward, chain('tort-policy', mark, drop)], hooks]
      const first = make()
      first.setStated(...stated)
      await first.apply(true)
      const before = netns.started()
      const second = make()
      second.setStated(...stated)
      t.strictSame(await second.apply(false), programmed)
      t.strictSame(await second.apply(true), programmed)
      t.equal(netns.started(), before + 1)
    })

    t.test('only the changed chain is rewritten; unused chains go in the same transaction', async (t) => {
      const table = make()
      table.setStated(
        [forward, chain('tort-policy', jump('tort-old')), chain('tort-old', jump('tort-older')), chain('tort-older', drop)],
        hooks,
      )
      await table.apply(true)
      const before = netns.started()
      table.setStated([forward, chain('tort-policy', drop)], hooks)
      t.strictSame(await table.apply(true), { ...programmed, changed: 3 })
      t.equal(netns.started(), before + 1)
      t.strictSame(
        withoutHashes(await save()).filter((line) => line.includes('tort-')),
        [
          ':tort-FORWARD -',
          ':tort-policy -',
          '-A FORWARD -m comment --comment "tortie:#" -j tort-FORWARD',
          '-A tort-FORWARD -j tort-policy',
          '-A tort-policy -m comment --comment "tortie:#" -j DROP',
        ],
      )
    })

    t.test('of chains that tell their changes only the changed are written, and drift of the others is still found', async (t) => {
      const tracked = new TrackedMap<Chain>()
      for (const one of [forward, chain('tort-policy', drop), chain('tort-a', drop)]) tracked.put(one.name, one)
      const few = [chain('tort-few', drop)]
      const table = make()
      table.setStated(few, hooks, tracked)
      t.strictSame(await table.apply(true), { ...programmed, changed: 5 })
      const before = netns.started()
      tracked.put('tort-policy', chain('tort-policy', mark, drop))
      tracked.put('tort-b', chain('tort-b', mark))
      tracked.delete('tort-a')
      table.setStated(few, hooks, tracked)
      t.strictSame(await table.apply(true), { ...programmed, changed: 3 })
      table.setStated(few, hooks, tracked)
      t.strictSame(await table.apply(true), programmed)
      t.equal(netns.started(), before + 1, 'one restore')
      const names = ['tort-FORWARD', 'tort-b', 'tort-few', 'tort-policy']
      const chains = (await save()).filter((line) => line.startsWith(':tort-')).map((line) => line.slice(1, line.indexOf(' ')))
      t.strictSame(chains.toSorted(), names)
      await netns.must(`iptables-${backend}`, ['-F', 'tort-few'])
      await netns.must(`iptables-${backend}`, ['-F', 'tort-b'])
      nowMs = table.dueAtMs
      t.strictSame(await table.apply(true), { ...programmed, changed: 2, repaired: 2 })
      const other = new TrackedMap<Chain>()
      other.put('tort-policy', chain('tort-policy', drop))
      table.setStated([], [], other)
      t.strictSame(await table.apply(true), { ...programmed, changed: 5 }, 'another collection is read whole')
      t.strictSame(
        withoutHashes(await save()).filter((line) => line.includes('tort-')),
        [':tort-policy -', '-A tort-policy -m comment --comment "tortie:#" -j DROP'],
      )
    })

    t.test('before pruning is allowed nothing that exists changes, only what is absent is made', async (t) => {
      const first = make()
      first.setStated([forward, chain('tort-policy', mark, drop), chain('tort-tw-a', drop)], hooks)
      await first.apply(true)
      const before = await save()
      const second = make()
      const added = chain('tort-new', drop)
      second.setStated([forward, chain('tort-policy', drop), added], hooks)
      t.strictSame(await second.apply(false), {
        changed: 1,
        repaired: 0,
        unprogrammed: new Map([
          ['chain filter/tort-policy (IPv4)', { state: 'pending', reason: 'kept as found until the datastore is read' }],
        ]),
      })
      const between = (await save()).filter((line) => !line.includes('tort-new'))
      t.strictSame(between, before)
      t.strictSame(await second.apply(true), { ...programmed, changed: 2 })
      t.notOk((await save()).some((line) => line.includes('tort-tw-a')))
    })

    t.test('a flushed table is repaired by the check that follows a write, and counted', async (t) => {
      await restore(docker)
      const table = make()
      table.setStated([forward, chain('tort-policy', drop)], hooks)
      await table.apply(true)
      const before = await save()
      await netns.must(`iptables-${backend}`, ['-F', 'tort-policy'])
      await netns.must(`iptables-${backend}`, ['-D', 'FORWARD', '1'])
      t.strictSame(await table.apply(true), programmed, 'no check is due yet')
      nowMs = table.dueAtMs
      t.strictSame(await table.apply(true), { ...programmed, changed: 2, repaired: 2 })
      t.strictSame(await save(), before)
    })

    if (backend === 'nft')
      t.test(
        'rules only nft can show: nothing is written, existing rules stay, the operator is told, and it goes on when they are gone',
        async (t) => {
          const table = make()
          table.setStated([forward, chain('tort-policy', drop)], hooks)
          await table.apply(true)
          const before = await save()
          await netns.must('nft', ['add', 'rule', 'ip', 'filter', 'FORWARD', 'meta', 'mark', 'set', 'ct', 'mark'])
          for (let check = 0; check < 3; check++) {
            nowMs = table.dueAtMs
            const { changed, unprogrammed } = await table.apply(true)
            t.equal(changed, 0)
            t.match(unprogrammed.get('chain filter/tort-policy (IPv4)'), {
              state: 'failed',
              reason: /^table filter holds rules that only nft can show/,
            })
          }
          const listed = await netns.must('nft', ['-a', 'list', 'chain', 'ip', 'filter', 'FORWARD'])
          t.equal(listed.split('\n').filter((line) => line.includes('jump tort-FORWARD')).length, 1)
          const handle = /mark set ct mark # handle (\d+)/.exec(listed)?.[1] ?? ''
          await netns.must('nft', ['delete', 'rule', 'ip', 'filter', 'FORWARD', 'handle', handle])
          nowMs = table.dueAtMs
          t.strictSame(await table.apply(true), programmed)
          t.strictSame(await save(), before)
        },
      )

    t.test('a foreign rule inside a chain of ours is taken out again', async (t) => {
      const table = make()
      table.setStated([forward, chain('tort-policy', drop)], hooks)
      await table.apply(true)
      const before = await save()
      await netns.must(`iptables-${backend}`, ['-I', 'tort-policy', '1', '-j', 'ACCEPT'])
      nowMs = table.dueAtMs
      t.strictSame(await table.apply(true), { ...programmed, changed: 1, repaired: 1 })
      t.strictSame(await save(), before)
    })

    t.test('what others do around our hooks stays, and the hooks go back to their ends, but not more often than every 10 s', async (t) => {
      const table = make()
      table.setStated([forward, chain('tort-policy', drop)], hooks)
      await table.apply(true)
      await netns.must(`iptables-${backend}`, ['-I', 'FORWARD', '1', '-i', 'docker0', '-j', 'RETURN'])
      await netns.must(`iptables-${backend}`, ['-A', 'FORWARD', '-o', 'docker0', '-j', 'RETURN'])
      const theirs = await outsiders()
      nowMs = table.dueAtMs
      t.strictSame(await table.apply(true), programmed, 'they were put there just now')
      nowMs = 10_000
      t.strictSame(await table.apply(true), { ...programmed, changed: 1, repaired: 1 })
      t.strictSame(await outsiders(), theirs)
      t.strictSame(
        withoutHashes(await save()).filter((line) => line.startsWith('-A FORWARD')),
        [
          '-A FORWARD -m comment --comment "tortie:#" -j tort-FORWARD',
          '-A FORWARD -i docker0 -j RETURN',
          '-A FORWARD -o docker0 -j RETURN',
          '-A FORWARD -m mark --mark 0x10000/0x10000 -m comment --comment "tortie:#" -j ACCEPT',
        ],
      )
    })

    t.test('a chain that is refused is closed, says which line, and is tried again with backoff; all else is written', async (t) => {
      const table = make()
      const good = chain('tort-policy', drop)
      table.setStated([forward, good], hooks)
      await table.apply(true)
      const noSet: Rule = { match: [{ type: 'source-set', set: 'tort4s:absent' }], action: { type: 'accept' } }
      table.setStated([forward, chain('tort-policy', noSet, drop), chain('tort-other', mark)], hooks)
      const { changed, unprogrammed } = await table.apply(true)
      t.equal(changed, 2)
      t.strictSame([...unprogrammed.keys()], ['chain filter/tort-policy (IPv4)'])
      t.match(unprogrammed.get('chain filter/tort-policy (IPv4)'), {
        state: 'failed',
        reason: /^iptables[\w-]*: Set tort4s:absent doesn't exist in "-A tort-policy .*--match-set tort4s:absent src .*-j ACCEPT"$/,
        closed: true,
      })
      const rules = async () => withoutHashes(await save()).filter((line) => /^-A tort-(policy|other)/.test(line))
      t.match(await rules(), [
        '-A tort-other -p udp -m comment --comment "tortie:# Allow" -j MARK --set-xmark 0x10000/0x10000',
        /^-A tort-policy -m comment --comment "tortie:# closed, not programmed: .*Set tort4s:absent doesn.*t exist" -j DROP$/,
      ])
      t.strictSame(
        table.entries().map(({ name, programmed, status }) => [name, programmed, status.state]),
        [
          ['chain filter/tort-FORWARD (IPv4)', { rules: 1, asWanted: true }, 'programmed'],
          ['chain filter/tort-other (IPv4)', { rules: 1, asWanted: true }, 'programmed'],
          ['chain filter/tort-policy (IPv4)', { rules: 1, asWanted: false }, 'failed'],
        ],
      )
      const started = netns.started()
      await table.apply(true)
      t.equal(netns.started(), started, 'not before the retry is due')
      const retried = async (afterMs: number) => {
        nowMs += afterMs
        const done = await table.apply(true)
        return [done.changed, ...done.unprogrammed.keys()]
      }
      t.strictSame(await retried(100), [0, 'chain filter/tort-policy (IPv4)'])
      await netns.must('ipset', ['create', 'tort4s:absent', 'hash:ip'])
      t.strictSame(await retried(100), [0, 'chain filter/tort-policy (IPv4)'], 'the wait is twice as long now')
      t.strictSame(await retried(100), [1])
      t.equal((await rules()).length, 3)
    })

    t.test('a chain that is refused is written at once when it has other rules, and is no more trouble when it goes', async (t) => {
      const table = make()
      const masquerade: Rule = { match: [], action: { type: 'masquerade' } } // not in filter
      const bad = [chain('tort-a', masquerade), chain('tort-b', drop, masquerade)]
      const jumps = chain('tort-FORWARD', jump('tort-a'), jump('tort-b'))
      table.setStated([jumps, ...bad], hooks)
      t.strictSame(
        [...(await table.apply(true)).unprogrammed.keys()],
        bad.map(({ name }) => `chain filter/${name} (IPv4)`),
      )
      table.setStated([jumps, chain('tort-a', mark), chain('tort-b', drop, masquerade)], hooks)
      t.strictSame([...(await table.apply(true)).unprogrammed.keys()], ['chain filter/tort-b (IPv4)'])
      table.setStated([forward, chain('tort-policy')], hooks)
      t.strictSame((await table.apply(true)).unprogrammed, new Map())
    })

    t.test('a chain that only the whole commit refuses is found among many, in few writes', async (t) => {
      const table = make()
      const masquerade: Rule = { match: [], action: { type: 'masquerade' } }
      const chains = Array.from({ length: 300 }, (_, i) => chain(`tort-${i}`, i === 77 || i === 200 ? masquerade : mark))
      const started = netns.started()
      table.setStated([chain('tort-FORWARD', ...chains.map(({ name }) => jump(name))), ...chains], hooks)
      const { unprogrammed } = await table.apply(true)
      t.strictSame([...unprogrammed.keys()].toSorted(), ['chain filter/tort-200 (IPv4)', 'chain filter/tort-77 (IPv4)'])
      t.ok(netns.started() - started < 50, `${netns.started() - started} programs`)
      const rules = await save()
      t.equal(rules.filter((line) => /^-A tort-\d+ .*-j MARK/.test(line)).length, 298)
      t.match(
        rules.filter((line) => /^-A tort-\d+ .*-j DROP/.test(line)),
        [/^-A tort-200 /, /^-A tort-77 /],
      )
    })

    t.test("what the kernel's own chains lead to is never closed: that would cut off the node", async (t) => {
      const table = make()
      table.setStated([chain('tort-FORWARD', { match: [], action: { type: 'masquerade' } }), chain('tort-policy', mark)], hooks)
      const { unprogrammed } = await table.apply(true)
      t.strictSame(
        [...unprogrammed].map(([name, status]) => [name, status.state, 'closed' in status]),
        [
          ['chain filter/tort-FORWARD (IPv4)', 'failed', false],
          ['chain filter/tort-policy (IPv4)', 'failed', false],
          ['hook filter/FORWARD (IPv4)', 'failed', false],
        ],
      )
      t.notMatch((await save()).join('\n'), /-A FORWARD/)
    })

    t.test(
      'a hook that vanished since the last read does not stop its replacement: the refused restore is read again and repeated',
      async (t) => {
        await restore(docker)
        const table = make()
        table.setStated([forward, chain('tort-policy', drop)], hooks)
        await table.apply(true)
        await netns.must(`iptables-${backend}`, ['-D', 'FORWARD', '1'])
        table.setStated([forward, chain('tort-policy', drop)], [hook({ ...jump('tort-FORWARD'), comment: 'New' })])
        const started = netns.started()
        t.strictSame(await table.apply(true), { ...programmed, changed: 1 })
        t.equal(netns.started(), started + 3, 'refused, read, written')
        t.strictSame(
          withoutHashes(await save()).filter((line) => line.startsWith('-A FORWARD')),
          [
            '-A FORWARD -m comment --comment "tortie:# New" -j tort-FORWARD',
            '-A FORWARD -j DOCKER-USER',
            '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
            '-A FORWARD -o docker0 -j DOCKER',
          ],
        )
      },
    )

    t.test('a chain of ours that a rule of others refers to is emptied but stays', async (t) => {
      const table = make()
      table.setStated([chain('tort-held', drop)], [])
      await table.apply(true)
      await netns.must(`iptables-${backend}`, ['-A', 'FORWARD', '-j', 'tort-held'])
      table.setStated([], [])
      nowMs = table.dueAtMs
      t.strictSame(await table.apply(true), { ...programmed, changed: 1 })
      t.strictSame(
        (await save()).filter((line) => line.includes('tort')),
        [':tort-held -', '-A FORWARD -j tort-held'],
      )
      await netns.must(`iptables-${backend}`, ['-D', 'FORWARD', '-j', 'tort-held'])
      nowMs = table.dueAtMs
      t.strictSame(await table.apply(true), { ...programmed, changed: 1 })
      t.notOk((await save()).some((line) => line.includes('tort')))
    })

    t.test('the view shows wanted beside programmed', async (t) => {
      await restore('*filter\n:tort-old - [0:0]\nCOMMIT\n')
      const table = make()
      table.setStated([chain('tort-policy', drop)], [])
      await table.apply(false)
      t.strictSame(
        table.entries().map((view) => ({ ...view, ...(view.wanted && { wanted: withoutHashes(view.wanted) }) })),
        [
          {
            name: 'chain filter/tort-old (IPv4)',
            programmed: { rules: 0, asWanted: false },
            status: { state: 'pending', reason: 'not wanted any more' },
          },
          {
            name: 'chain filter/tort-policy (IPv4)',
            wanted: ['-m comment --comment tortie:# -j DROP'],
            programmed: { rules: 1, asWanted: true },
            status: { state: 'programmed' },
          },
        ],
      )
    })

    t.test('nothing wanted and nothing found: no table is made and no check is due', async (t) => {
      const table = make()
      table.setStated([], [])
      t.strictSame(await table.apply(true), programmed)
      t.equal(table.dueAtMs, Number.POSITIVE_INFINITY)
      t.strictSame(withoutHashes((await netns.must(`iptables-${backend}-save`, [])).split('\n').filter((line) => line.startsWith('*'))), [])
    })

    t.test('a chain changes under a flow of packets and none is lost', async (t) => {
      const table = make()
      const accept: Rule = { match: [{ type: 'protocol', protocol: 'udp' }], action: { type: 'accept' } }
      const inputHooks = [hook(jump('tort-INPUT'), 'insert', 'INPUT'), hook(drop, 'append', 'INPUT')]
      const variants = [chain('tort-INPUT', accept), chain('tort-INPUT', jump('tort-empty'), accept)] as const
      const empty = chain('tort-empty')
      table.setStated([variants[0], empty], inputHooks)
      await table.apply(true)
      const flow = netns.run('node', ['--no-warnings', '-e', flowProgram, String(40 * 25)], { timeoutMs: 60_000 })
      for (let i = 1; i <= 40; i++) {
        table.setStated([variants[i % 2] ?? variants[0], empty], inputHooks)
        t.match(await table.apply(true), { changed: 1 })
      }
      t.strictSame(JSON.parse((await flow).stdout), { sent: 1000, received: 1000 })
    })
  })
}

/** Sends datagrams to itself over the loopback, and says how many came back. */
const flowProgram = `
const { createSocket } = require('node:dgram')
const total = Number(process.argv[1])
const socket = createSocket('udp4')
let received = 0, sent = 0
const tell = () => { console.log(JSON.stringify({ sent, received })); socket.close() }
socket.on('message', () => { received += 1; if (received === total) tell() })
socket.bind(0, '127.0.0.1', () => {
  const timer = setInterval(() => {
    socket.send('x', socket.address().port, '127.0.0.1', () => {})
    sent += 1
    if (sent === total) { clearInterval(timer); setTimeout(() => { if (received < total) tell() }, 2000).unref() }
  }, 1)
})
`

async function savedRules(netns: TestNetns, backend: Backend): Promise<string[]> {
  const output = await netns.must(toolName(4, backend, 'save'), ['-t', 'filter'])
  return output
    .split('\n')
    .filter((line) => /^[:-]/.test(line))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
}

function withoutHashes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/tortie:[\w-]{16}/, 'tortie:#'))
}
