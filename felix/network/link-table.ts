import type { Link, ObjectStatus, TableReport } from '../kernel.ts'
import { refusalText } from './kernel-route.ts'
import type { LinkView } from './link-view.ts'
import type { NetworkKernel } from './network-kernel.ts'

export type LinkTableDependencies = {
  readonly kernel: Pick<NetworkKernel, 'changeLink'>
  readonly links: LinkView
  /** A link is up now by our doing. */
  readonly onUp: () => void
}

/** Brings the wanted links up and keeps them so; nothing else about them is ours. */
export class LinkTable {
  readonly #dependencies: LinkTableDependencies
  /** Links by index that were seen up while wanted: down again is drift. */
  #wasUp = new Set<number>()

  constructor(dependencies: LinkTableDependencies) {
    this.#dependencies = dependencies
  }

  async apply(wanted: readonly Link[]): Promise<TableReport> {
    const unprogrammed = new Map<string, ObjectStatus>()
    const up = new Set<number>()
    let changed = 0
    let repaired = 0
    for (const { name } of wanted) {
      const link = this.#dependencies.links.byName(name)
      if (link === undefined) {
        unprogrammed.set(`link ${name}`, { state: 'pending', reason: `link ${name} does not exist` })
        continue
      }
      const refusal = link.up ? undefined : await this.#dependencies.kernel.changeLink(link, { up: true })
      if (refusal !== undefined) {
        unprogrammed.set(`link ${name}`, { state: 'failed', reason: refusalText(refusal) })
        continue
      }
      up.add(link.index)
      if (link.up) continue
      changed += 1
      if (this.#wasUp.has(link.index)) repaired += 1
      this.#dependencies.links.observe({ link: { ...link, up: true }, gone: false })
    }
    this.#wasUp = up
    if (changed > 0) this.#dependencies.onUp()
    return { changed, repaired, unprogrammed }
  }
}
