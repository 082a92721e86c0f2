import { open } from 'node:fs/promises'

/** @property problem why not, and what to do: to follow "FILE: " */
export type TextFile = { readonly text: string; readonly problem?: never } | { readonly problem: string; readonly text?: never }

/** Octets: ten times the configuration of a node with 1,000 peers. */
const maxOctets = 1024 * 1024

/** A whole file as UTF-8 text, of at most 1 MiB: a device that never ends is none. */
export async function readTextFile(file: string): Promise<TextFile> {
  try {
    const octets = await readAtMost(file, maxOctets + 1)
    if (octets.length > maxOctets) return { problem: `is larger than ${maxOctets} octets: is it the right file?` }
    return { text: octets.toString('utf8') }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { problem: unreadable(String(error.code)) }
    throw error
  }
}

async function readAtMost(file: string, octets: number): Promise<Buffer> {
  const handle = await open(file)
  const chunks: Buffer[] = []
  for await (const chunk of handle.createReadStream({ highWaterMark: 64 * 1024, end: octets - 1 })) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function unreadable(code: string): string {
  if (code === 'ENOENT') return 'there is no such file: name one that exists'
  if (code === 'EACCES') return 'no permission to read it: make the user that runs the agent its owner'
  if (code === 'EISDIR') return 'is a directory: name a file'
  return `cannot be read (${code})`
}
