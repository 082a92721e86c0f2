import { execFileSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { type Ending, posixSpawn, type Start, StartError, type Started } from './posix-spawn.ts'

const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', GREETING: 'hello' }

async function start(...program: Parameters<Start>): Promise<Started> {
  const spawn = await posixSpawn()
  if (spawn === undefined) throw new Error('koffi does not load here')
  return spawn(...program)
}

async function endOf(program: Started): Promise<readonly [stdout: string, stderr: string, ending: Ending]> {
  const outputs = await Promise.all([text(program.stdout), text(program.stderr)])
  return [...outputs, await program.ended()]
}

const programs: [title: string, script: string, input: string, expected: Awaited<ReturnType<typeof endOf>>][] = [
  ['its exit code', 'exit 255', '', ['', '', { exitCode: 255 }]],
  ['its outputs, each for itself', 'echo out; echo err >&2', '', ['out\n', 'err\n', { exitCode: 0 }]],
  ['what it makes of its input', 'tr a-z A-Z', 'shout', ['SHOUT', '', { exitCode: 0 }]],
  ['its variables', 'echo "$GREETING $HOME"', '', ['hello \n', '', { exitCode: 0 }]],
  ['the signal that ended it', 'kill -TERM $$', '', ['', '', { signal: 'SIGTERM' }]],
]
for (const [title, script, input, expected] of programs) {
  t.test(`a program that was started tells ${title}`, async (t) => {
    t.strictSame(await endOf(await start('sh', ['-c', script], environment, input)), expected)
  })
}

const refused: [title: string, command: string, code: string][] = [
  ['it is in no directory of PATH', 'absent-tool', 'ENOENT'],
  ['there is no such file', '/absent/tool', 'ENOENT'],
  ['it may not be executed', import.meta.filename, 'EACCES'],
  ['it is a directory', '/usr', 'EACCES'],
]
for (const [title, command, code] of refused) {
  t.test(`a program cannot be started when ${title}: ${code}`, async (t) => {
    const error = await start(command, [], environment, '').catch((error: unknown) => error)
    t.ok(error instanceof StartError)
    t.match(error, { code, message: `spawn ${command} ${code}` })
  })
}

t.test('a program has all of its input while this process does something else', async (t) => {
  const input = 'a line\n'.repeat(200_000)
  const copy = `${t.testdir({})}/copy`
  const program = await start('sh', ['-c', 'cat > "$1"', 'sh', copy], environment, input)
  execFileSync('sh', ['-c', 'until [ "$(wc -c < "$1")" = "$2" ]; do sleep 0.01; done', 'sh', copy, String(input.length)], {
    timeout: 20_000,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  t.strictSame(await endOf(program), ['', '', { exitCode: 0 }])
})
