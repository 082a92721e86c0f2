import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { areas } from '../conformance/all-scenarios.ts'
import type { Mutation } from '../conformance/mutations.ts'
import { agentCommand } from './agent-command.ts'
import { ConformanceLab } from './conformance-lab.ts'
import { runScenario } from './conformance-run.ts'

/** @property scenario the first that noticed; undefined: none did @property what the first thing it noticed */
export type Caught = { readonly scenario: string; readonly what: string } | undefined

/** Runs the scenarios, those of the mutation's area first, against a build with the mistake in it, up to the first that notices. */
export async function catchMutation(mutation: Mutation): Promise<Caught> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-mutant-'))
  try {
    const lab = await ConformanceLab.create({ felix: { iptablesBackend: 'nft' }, command: await mutatedAgent(mutation, directory) })
    try {
      return await firstToNotice(lab, mutation.area)
    } finally {
      await lab.remove()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function firstToNotice(lab: ConformanceLab, area: string): Promise<Caught> {
  const own = areas.get(area)
  if (own === undefined) throw new Error(`there is no area ${area}`)
  for (const scenario of [...own, ...[...areas.values()].flat().filter((other) => !own.includes(other))]) {
    // A kernel that takes nothing of it, or an agent that gives up, is noticed as well.
    const [what] = await runScenario(lab, scenario).catch((error: unknown) => [String(error).slice(0, 300)])
    if (what !== undefined) return { scenario: scenario.title, what }
  }
  return undefined
}

/** A copy of dist/ with one spot changed. @throws when the spot is not there exactly once */
async function mutatedAgent({ name, file, find, replace }: Mutation, directory: string): Promise<readonly string[]> {
  const [node = '', main = ''] = agentCommand()
  const dist = path.dirname(path.dirname(main))
  const root = path.dirname(dist)
  await cp(dist, path.join(directory, 'dist'), { recursive: true, filter: (from) => !from.startsWith(path.join(dist, 'e2e')) })
  await cp(path.join(root, 'package.json'), path.join(directory, 'package.json'))
  await symlink(path.join(root, 'node_modules'), path.join(directory, 'node_modules'))
  const changed = path.join(directory, 'dist', file)
  const parts = (await readFile(changed, 'utf8')).split(find)
  if (parts.length !== 2) throw new Error(`"${name}": ${file} has the spot ${parts.length - 1} times: ${find}`)
  await writeFile(changed, parts.join(replace))
  return [node, path.join(directory, 'dist/src/main.js')]
}
