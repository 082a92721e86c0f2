/** One file of the bundle. @property problem why it is not, or not wholly, what its name says: one line */
export type DiagsFile = { readonly name: string; readonly text: string; readonly problem?: string }

/** Characters of one file: the largest things are tables, and what matters of them is near their beginning. */
const maxLength = 16 * 1024 * 1024

export function bounded(name: string, text: string): DiagsFile {
  if (text.length <= maxLength) return { name, text }
  return { name, text: text.slice(0, maxLength), problem: `cut off after ${maxLength} of ${text.length} characters` }
}
