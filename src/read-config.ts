import { type Config, formatConfigProblem, loadConfig } from './config.ts'
import { type Access, readAccess } from './http/access-files.ts'
import { readSecretFiles, type SecretFiles } from './os/secret-files.ts'
import { readTextFile } from './os/text-file.ts'

/**
 * `mistakes`: one line each, in the order of the file; the caller prints them and ends with exit code 2.
 * @property warnings what works and should not stay so
 */
export type ReadConfig =
  | {
      readonly config: Config
      readonly passwords: ReadonlyMap<string, string>
      readonly secrets: ReadonlyMap<string, string>
      readonly access: Access
      readonly warnings: readonly string[]
      readonly mistakes?: never
    }
  | { readonly mistakes: readonly string[]; readonly config?: never }

/** Reads and checks the configuration file and the passwords, certificates, keys and tokens it names. */
export async function readConfig(file: string, environment: NodeJS.ProcessEnv): Promise<ReadConfig> {
  const text = await readTextFile(file)
  if (text.problem !== undefined) return { mistakes: [`${file}: ${text.problem}`] }
  const loaded = loadConfig(text.text, file, environment)
  if (loaded.config === undefined) return { mistakes: loaded.problems.map(formatConfigProblem) }
  const { passwords, mistakes } = await readPasswords(loaded.config, file)
  const { secretsPath } = loaded.config.bgp
  const { secrets, mistakes: unread } = secretsPath === undefined ? noSecrets : await readSecretFiles(secretsPath)
  const read = await readAccess(loaded.config.api)
  const all = [...mistakes, ...[...unread, ...read.mistakes].map((mistake) => `${file}: ${mistake}`)]
  return all.length > 0 ? { mistakes: all } : { config: loaded.config, passwords, secrets, access: read.access, warnings: read.warnings }
}

const noSecrets: SecretFiles = { secrets: new Map(), mistakes: [] }

type Passwords = { readonly passwords: ReadonlyMap<string, string>; readonly mistakes: readonly string[] }

async function readPasswords({ bgp }: Config, configFile: string): Promise<Passwords> {
  const passwords = new Map<string, string>()
  const mistakes: string[] = []
  for (const list of ['peers', 'listenRanges'] as const) {
    for (const { name, passwordFile } of bgp[list]) {
      if (passwordFile === undefined) continue
      const { text, problem } = await readTextFile(passwordFile)
      if (problem !== undefined) mistakes.push(`${configFile}: bgp.${list}: passwordFile of ${name}: ${passwordFile}: ${problem}`)
      else passwords.set(name, text.trimEnd())
    }
  }
  return { passwords, mistakes }
}
