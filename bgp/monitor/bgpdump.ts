/** For tests: what the program `bgpdump` (a Debian package) reads in our files. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/** A line for each route or message, without the time: "B|10.0.0.2|65001|10.2.0.0/16|65001|IGP|…". Fails where bgpdump complains. */
export async function bgpdump(t: Test, file: Uint8Array): Promise<readonly string[]> {
  const path = join(t.testdir({}), 'table.mrt')
  await writeFile(path, file)
  return await bgpdumpOf(path)
}

export async function bgpdumpOf(path: string): Promise<readonly string[]> {
  const { stdout, stderr } = await promisify(execFile)('bgpdump', ['-v', '-m', path], { maxBuffer: 1 << 30 })
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.includes('[info]'))
  if (complaints.length > 0) throw new Error(`bgpdump: ${complaints.join('; ')}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('|').toSpliced(1, 1).join('|'))
}
