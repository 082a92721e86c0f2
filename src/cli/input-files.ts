/** The documents behind `-f`: files, directories and "-" as one text, since a request is all or none. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { misused, refused } from './failure.ts'

/** @property firstLine 1-based line of the joined text at which the source begins */
type Source = { readonly name: string; readonly firstLine: number }

/** @property format of the text; default yaml, of which JSON is a part */
export type Input = { readonly text: string; readonly format?: 'json'; readonly sources: readonly Source[] }

/**
 * @param places paths, or "-" for stdin; directories stand for their *.yaml, *.yml and *.json in the order of names
 * @throws CliFailure if one cannot be read or there is nothing
 */
export async function readInput(places: readonly string[], stdin: AsyncIterable<Buffer | string>): Promise<Input> {
  const files = (await Promise.all(places.map(expand))).flat()
  if (files.length === 0) throw misused(`there is no *.yaml, *.yml or *.json in ${places.join(', ')}`)
  let text = ''
  let lines = 0
  const sources: Source[] = []
  for (const file of files) {
    const content = file === '-' ? await readAll(stdin) : await readOne(file)
    const part = lines === 0 || content.startsWith('---') ? content : `---\n${content}`
    sources.push({ name: file === '-' ? 'stdin' : file, firstLine: lines + 1 + (part === content ? 0 : 1) })
    text += part.endsWith('\n') ? part : `${part}\n`
    lines = text.split('\n').length - 1
  }
  return { text, sources }
}

/** "web.yaml:7" for a line of the joined text; '' where nobody wrote it. */
export function placeOf({ sources }: Input, line: number): string {
  const source = sources.findLast(({ firstLine }) => firstLine <= line)
  return source === undefined ? '' : `${source.name}:${line - source.firstLine + 1}`
}

async function expand(place: string): Promise<readonly string[]> {
  if (place === '-') return [place]
  const found = await stat(place).catch((error: unknown) => {
    throw unreadable(place, error)
  })
  if (!found.isDirectory()) return [place]
  const names = await readdir(place)
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .toSorted()
    .map((name) => join(place, name))
}

async function readOne(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error)
  })
}

async function readAll(stdin: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function unreadable(place: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error)
  return refused(`cannot read ${place}: ${reason}: check -f`, { cause: error })
}
