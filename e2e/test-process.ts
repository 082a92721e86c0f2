import { spawn } from 'node:child_process'
import path from 'node:path'
import { type FinalResults, Parser } from 'tap-parser'
import type { Tally } from './test-tally.ts'

/** Where Node.js keeps what it made of the sources, types stripped: most of the CPU time of a short test would go into that. */
const compileCache = path.join(import.meta.dirname, '../node_modules/.cache/compiled')

/**
 * Runs one test file in a Node.js of its own, without `tap run`, whose import hooks cost more than most files, and adds to the tally.
 * A file fails also when it holds no test, ends with another code than 0, or does not end.
 * @param limitSec how long tap lets a test take, unless the file says otherwise; the process is killed after twice that
 */
export async function runTestFile(file: string, limitSec: number, tally: Tally): Promise<void> {
  const failedBefore = tally.failed.length
  const parser = new Parser()
  const tests = tally.follow(parser, [file])
  const complete = new Promise<FinalResults>((resolve) => parser.on('complete', resolve))
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TAP: '1', TAP_TIMEOUT: String(limitSec), NODE_COMPILE_CACHE: compileCache },
  })
  const guard = setTimeout(() => child.kill('SIGKILL'), 2 * limitSec * 1000)
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)))
  child.stdout.pipe(parser)
  const [{ ok, count }, code] = await Promise.all([complete, exit])
  clearTimeout(guard)
  if (count === 0) tally.count(`${file}: holds no test`, false, true)
  else if (ok && code !== 0) tally.count(`${file}: ended with ${code}`, false, true)
  else if (!ok && tally.failed.length === failedBefore) tally.count(`${file}: ended with ${code}`, false, true)
  else tally.count(file, ok, tests.size === 0)
}
