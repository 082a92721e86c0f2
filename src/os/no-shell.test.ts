/** What becomes a command line may come from a user or a peer: programs get their arguments as a list, and only these files start any. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'

const root = path.join(import.meta.dirname, '../..')

/** main.ts: this command again, on its own Node.js. ip-monitor.ts: a program that runs on and is read from. */
const startPrograms = ['felix/network/ip-monitor.ts', 'src/main.ts', 'src/os/posix-spawn.ts', 'src/os/process.ts']

/** What only tests use. */
const forTests = ['bgp/monitor/bgpdump.ts', 'bgp/session/namespace-lab.ts', 'felix/test-namespace.ts']

const files = globSync('{src,bgp,felix,ipip,policy}/**/*.ts', { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts') && !forTests.includes(file),
)
const texts = new Map(files.toSorted().map((file) => [file, readFileSync(path.join(root, file), 'utf8')]))

function holding(pattern: RegExp): readonly string[] {
  return [...texts].flatMap(([file, text]) => (pattern.test(text) ? [file] : []))
}

t.test('programs are started in few files', async (t) => {
  t.ok(files.length > 100)
  t.strictSame(holding(/'(node:)?(child_process|cluster)'|'execa'|int posix_spawnp?\(/), startPrograms)
})

t.test('none of them uses a shell, or evaluates text', async (t) => {
  t.strictSame(holding(/\bshell\s*:\s*(true|['"`])|\bexecSync\b|\bexecaCommand|[{,]\s*exec\b[^}]*\} (from|= await import\()/), [])
  t.strictSame(holding(/\{[^}]*\$[^}{]*\} from 'execa'|'(ba|da|z)?sh', \['-c'|\bnew Function\(|\beval\(/), [])
})
