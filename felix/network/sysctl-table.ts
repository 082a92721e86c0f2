import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ObjectStatus, Sysctl, TableReport } from '../kernel.ts'
import type { LinkView } from './link-view.ts'

export type SysctlTableDependencies = {
  readonly links: LinkView
  /** Default: /proc/sys */
  readonly root?: string
}

type Seen = { readonly mark: string; readonly link?: string }

/** Kernel settings below /proc/sys: written only where they differ. No event tells of their change, so `recheck` has them all read again. */
export class SysctlTable {
  readonly #links: LinkView
  readonly #root: string
  /** What was seen right, by path; a link that comes again under its old name has another index. */
  #seen = new Map<string, Seen>()
  #written = new Set<string>()

  constructor({ links, root = '/proc/sys' }: SysctlTableDependencies) {
    this.#links = links
    this.#root = root
  }

  recheck(): void {
    this.#seen.clear()
  }

  /** A link went: should it come back from another namespace, it has its index and none of its settings. */
  linkGone(name: string): void {
    for (const [path, { link }] of this.#seen) if (link === name) this.#seen.delete(path)
  }

  apply(wanted: readonly Sysctl[]): TableReport {
    const unprogrammed = new Map<string, ObjectStatus>()
    const [before, seen, written] = [this.#seen, new Map<string, Seen>(), new Set<string>()]
    let changed = 0
    let repaired = 0
    for (const sysctl of wanted) {
      const { path, value, link } = sysctl
      const mark = this.#mark(sysctl)
      if (mark === undefined) {
        unprogrammed.set(`sysctl ${path}`, { state: 'pending', reason: `link ${link} does not exist` })
        continue
      }
      const outcome = before.get(path)?.mark === mark ? 'same' : this.#write(path, value)
      if (typeof outcome === 'object') {
        unprogrammed.set(`sysctl ${path}`, outcome)
        continue
      }
      seen.set(path, { mark, ...(link !== undefined && { link }) })
      written.add(mark + path)
      if (outcome === 'same') continue
      changed += 1
      if (this.#written.has(mark + path)) repaired += 1
    }
    this.#seen = seen
    this.#written = written
    return { changed, repaired, unprogrammed }
  }

  /** What makes a value that was seen right still right; undefined while its link is absent. */
  #mark({ value, link }: Sysctl): string | undefined {
    if (link === undefined) return value
    const index = this.#links.byName(link)?.index
    return index === undefined ? undefined : `${index} ${value}`
  }

  #write(path: string, value: string): 'same' | 'written' | ObjectStatus {
    if (!isSafe(path)) return { state: 'failed', reason: `"${path}" does not name a file below /proc/sys` }
    const file = join(this.#root, path)
    try {
      if (words(readFileSync(file, 'utf8')) === words(value)) return 'same'
      writeFileSync(file, value)
      return 'written'
    } catch (error) {
      return { state: 'failed', reason: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** Names and nothing that leads out of the directory: an interface name is part of such a path. */
function isSafe(path: string): boolean {
  return path !== '' && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'))
}

function words(text: string): string {
  return text.trim().split(/\s+/).join(' ')
}
