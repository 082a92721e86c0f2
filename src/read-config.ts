import { readFile } from 'node:fs/promises'
import { type Config, formatConfigProblem, loadConfig } from './config.ts'

/** `mistakes`: one line each, in the order of the file; the caller prints them and ends with exit code 2. */
export type ReadConfig =
  | { readonly config: Config; readonly passwords: ReadonlyMap<string, string>; readonly mistakes?: never }
  | { readonly mistakes: readonly string[]; readonly config?: never }

/** Reads and checks the configuration file and the password files it names. */
export async function readConfig(file: string, environment: NodeJS.ProcessEnv): Promise<ReadConfig> {
  const text = await readText(file)
  if (text.problem !== undefined) return { mistakes: [`${file}: ${text.problem}`] }
  const loaded = loadConfig(text.text, file, environment)
  if (loaded.config === undefined) return { mistakes: loaded.problems.map(formatConfigProblem) }
  const { passwords, mistakes } = await readPasswords(loaded.config, file)
  return mistakes.length > 0 ? { mistakes } : { config: loaded.config, passwords }
}

type Passwords = { readonly passwords: ReadonlyMap<string, string>; readonly mistakes: readonly string[] }

async function readPasswords({ bgp }: Config, configFile: string): Promise<Passwords> {
  const passwords = new Map<string, string>()
  const mistakes: string[] = []
  for (const { name, passwordFile } of bgp.peers) {
    if (passwordFile === undefined) continue
    const { text, problem } = await readText(passwordFile)
    if (problem !== undefined) mistakes.push(`${configFile}: bgp.peers: passwordFile of ${name}: ${passwordFile}: ${problem}`)
    else passwords.set(name, text.trimEnd())
  }
  return { passwords, mistakes }
}

type Text = { readonly text: string; readonly problem?: never } | { readonly problem: string; readonly text?: never }

async function readText(file: string): Promise<Text> {
  try {
    return { text: await readFile(file, 'utf8') }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { problem: unreadable(String(error.code)) }
    throw error
  }
}

function unreadable(code: string): string {
  if (code === 'ENOENT') return 'there is no such file: name one that exists'
  if (code === 'EACCES') return 'no permission to read it: run as a user who may'
  if (code === 'EISDIR') return 'is a directory: name a file'
  return `cannot be read (${code})`
}
