import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory and those above it that are missing. Node's own `recursive` never comes back where the kernel denies that a
 * parent exists although it does, as below /proc.
 * @param mode of each that is made
 * @throws what mkdir(2) says
 */
export function makeDirectory(path: string, mode: number): void {
  if (isDirectory(path)) return
  const parent = dirname(path)
  if (parent !== path) makeDirectory(parent, mode)
  mkdirSync(path, { mode })
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
