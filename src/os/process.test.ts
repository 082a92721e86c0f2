import { chmodSync, readdirSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { posixSpawn } from './posix-spawn.ts'
import { type ProcessResult, type Run, run, runWith } from './process.ts'

const start = await posixSpawn()
const ways: readonly (readonly [way: string, run: Run])[] = [
  ['posix_spawn', run],
  ['fork', (...program) => runWith(undefined, ...program)],
]

t.test('this machine has posix_spawn', async (t) => t.type(start, 'function'))

t.test('a program gets no descriptor of ours but the three that are for it, and leaves none behind', async (t) => {
  const list = ['ls', ['/proc/self/fd'], { timeoutMs: 60_000 }] as const
  const forked = await runWith(undefined, ...list)
  t.strictSame(await run(...list), forked)
  const before = readdirSync('/proc/self/fd').length
  for (const command of ['true', 'absent-tool', import.meta.filename]) await run(command, [], { timeoutMs: 60_000 })
  t.equal(readdirSync('/proc/self/fd').length, before)
})

t.test('many programs at once each end with what is theirs', async (t) => {
  const texts = Array.from({ length: 20 }, (_, n) => `text ${n}`)
  const results = await Promise.all(texts.map((input) => run('cat', [], { input, timeoutMs: 20_000 })))
  t.strictSame(
    results.map(({ stdout }) => stdout),
    texts,
  )
})

for (const [way, run] of ways) t.test(way, async (t) => testRun(t, run))

function testRun(t: Test, run: Run): void {
  t.test('a process that ends is given back with its code and both outputs, whole', async (t) => {
    t.strictSame(await run('sh', ['-c', 'echo out; echo err >&2; exit 3'], { timeoutMs: 60_000 }), {
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })

  t.test('input reaches standard input; without input it is at its end', async (t) => {
    const input = 'a line\n'.repeat(50_000)
    t.equal((await run('cat', [], { input, timeoutMs: 60_000 })).stdout, input)
    t.strictSame(await run('cat', [], { timeoutMs: 60_000 }), { exitCode: 0, stdout: '', stderr: '' })
  })

  t.test('a process that leaves its input unread is no failure', async (t) => {
    t.strictSame(await run('true', [], { input: 'x'.repeat(1_000_000), timeoutMs: 60_000 }), { exitCode: 0, stdout: '', stderr: '' })
  })

  t.test('arguments reach the program untouched: there is no shell in between', async (t) => {
    const awkward = ['$(id)', '; ls', '"quoted"', 'a b', '*', "'"]
    t.strictSame((await run('printf', ['%s\n', ...awkward], { timeoutMs: 60_000 })).stdout, `${awkward.join('\n')}\n`)
  })

  t.test('a program gets English messages and the system directories, and nothing else of our environment', async (t) => {
    t.teardown(() => delete process.env.TORTIE_TOKEN)
    process.env.TORTIE_TOKEN = 's3cret'
    const { stdout } = await run('env', ['-0'], { timeoutMs: 60_000 })
    const addedByTap = /^(_TAPJS_\w+|NODE_OPTIONS)=|^$/ // its runner puts them into every child
    const given = stdout.split('\0').filter((variable) => !addedByTap.test(variable))
    t.strictSame(given.toSorted(), ['LC_ALL=C', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'])
  })

  t.test('PATH of the agent does not choose the program', async (t) => {
    const before = process.env.PATH
    t.teardown(() => Object.assign(process.env, { PATH: before }))
    const directory = t.testdir({ printf: '#!/bin/sh\necho stolen\n' })
    chmodSync(`${directory}/printf`, 0o755)
    process.env.PATH = `${directory}:${before}`
    t.equal((await run('printf', ['ours'], { timeoutMs: 60_000 })).stdout, 'ours')
  })

  const packages: [command: string, debianPackage: string][] = [
    ['iptables-absent-restore', 'iptables'],
    ['ip6tables-absent-save', 'iptables'],
    ['absent-tool', 'absent-tool'],
  ]
  for (const [command, debianPackage] of packages) {
    t.test(`a missing program is a value that names the Debian package: ${command} -> ${debianPackage}`, async (t) => {
      t.strictSame(await run(command, [], { timeoutMs: 60_000 }), {
        exitCode: 127,
        stdout: '',
        stderr: `${command} is not installed: run "apt-get install ${debianPackage}"`,
        missingPackage: debianPackage,
      })
    })
  }

  const abnormal: [title: string, command: string, args: string[], timeoutMs: number, expected: ProcessResult][] = [
    [
      'a process that does not end in time is stopped, 124',
      'sleep',
      ['60'],
      50,
      { exitCode: 124, stdout: '', stderr: 'sleep did not end within 50 ms and was stopped' },
    ],
    [
      'a process that is killed is 128 and names the signal after its own words',
      'sh',
      ['-c', 'echo said >&2; kill -9 $$'],
      5_000,
      { exitCode: 128, stdout: '', stderr: 'said\nsh was ended by SIGKILL' },
    ],
    [
      'a file that cannot be executed is 126',
      import.meta.filename,
      [],
      5_000,
      { exitCode: 126, stdout: '', stderr: `${import.meta.filename} cannot be started: spawn ${import.meta.filename} EACCES` },
    ],
  ]
  for (const [title, command, args, timeoutMs, expected] of abnormal) {
    t.test(title, async (t) => t.strictSame(await run(command, args, { timeoutMs }), expected))
  }

  t.test('a program that leaves its outputs to one that never ends is given up with it', async (t) => {
    const { exitCode, stdout, stderr } = await run('sh', ['-c', 'echo said; sleep 30 & echo $!; wait'], { timeoutMs: 3_000 })
    t.teardown(() => process.kill(Number(stdout.split('\n')[1])))
    t.match(stdout, /^said\n\d+\n$/)
    t.match({ exitCode, stderr }, { exitCode: 124, stderr: 'sh did not end within 3000 ms and was stopped' })
  })

  t.test('the abort signal stops the process', async (t) => {
    const abort = new AbortController()
    const running = run('sleep', ['60'], { timeoutMs: 60_000, signal: abort.signal })
    abort.abort()
    t.strictSame(await running, { exitCode: 128, stdout: '', stderr: 'sleep was stopped' })
  })

  t.test('what we ignore kills a program as it would from a shell', async (t) => {
    t.strictSame(await run('sh', ['-c', 'kill -PIPE $$'], { timeoutMs: 60_000 }), {
      exitCode: 128,
      stdout: '',
      stderr: 'sh was ended by SIGPIPE',
    })
  })

  t.test('the process id is told while it runs', async (t) => {
    const pids: number[] = []
    const { stdout } = await run('sh', ['-c', 'echo $$'], { timeoutMs: 60_000, onStart: (pid) => pids.push(pid) })
    t.strictSame(pids, [Number(stdout)])
  })

  t.test('output is handed on in parts, each once the one before is done with, whole characters all of them', async (t) => {
    const parts: string[] = []
    let busy = 0
    const onOutput = async (part: string) => {
      busy += 1
      t.equal(busy, 1)
      await nextTurn()
      parts.push(part)
      busy -= 1
    }
    const script = 'yes ä | head -c 300000; echo said >&2'
    t.strictSame(await run('sh', ['-c', script], { timeoutMs: 20_000, onOutput }), { exitCode: 0, stdout: '', stderr: 'said\n' })
    t.equal(parts.join(''), 'ä\n'.repeat(100_000))
    t.ok(parts.length > 1)
  })

  t.test('a program that is stopped while its output is handed on is waited for, and the last part too', async (t) => {
    const abort = new AbortController()
    let isDone = false
    const onOutput = async () => {
      abort.abort()
      await nextTurn()
      isDone = true
    }
    const { exitCode } = await run('yes', [], { timeoutMs: 20_000, signal: abort.signal, onOutput })
    t.strictSame({ exitCode, isDone }, { exitCode: 128, isDone: true })
  })

  t.test('a signal that has fired already stops it', async (t) => {
    t.strictSame(await run('sleep', ['60'], { timeoutMs: 60_000, signal: AbortSignal.abort() }), {
      exitCode: 128,
      stdout: '',
      stderr: 'sleep was stopped',
    })
  })
}
