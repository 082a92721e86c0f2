import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readTextFile } from './text-file.ts'

/** What is in each file, by "SECRET/KEY"; one line for each that cannot be read. */
export type SecretFiles = { readonly secrets: ReadonlyMap<string, string>; readonly mistakes: readonly string[] }

/** A folder for each secret with a file for each key, as Kubernetes mounts them; names that begin with a dot are its own. */
export async function readSecretFiles(directory: string): Promise<SecretFiles> {
  const secrets = new Map<string, string>()
  const mistakes: string[] = []
  for (const secret of await entries(directory, mistakes))
    for (const key of await entries(join(directory, secret), mistakes)) {
      const { text, problem } = await readTextFile(join(directory, secret, key))
      if (problem !== undefined) mistakes.push(`${join(directory, secret, key)}: ${problem}`)
      else secrets.set(`${secret}/${key}`, text.trimEnd())
    }
  return { secrets, mistakes }
}

async function entries(directory: string, mistakes: string[]): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => !name.startsWith('.')).sort()
  } catch (error) {
    mistakes.push(`${directory}: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}
