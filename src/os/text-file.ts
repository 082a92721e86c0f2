import { readFile } from 'node:fs/promises'

/** @property problem why not, and what to do: to follow "FILE: " */
export type TextFile = { readonly text: string; readonly problem?: never } | { readonly problem: string; readonly text?: never }

/** A whole file as UTF-8 text. */
export async function readTextFile(file: string): Promise<TextFile> {
  try {
    return { text: await readFile(file, 'utf8') }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { problem: unreadable(String(error.code)) }
    throw error
  }
}

function unreadable(code: string): string {
  if (code === 'ENOENT') return 'there is no such file: name one that exists'
  if (code === 'EACCES') return 'no permission to read it: make the user that runs the agent its owner'
  if (code === 'EISDIR') return 'is a directory: name a file'
  return `cannot be read (${code})`
}
