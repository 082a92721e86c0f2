import type { KernelLink, LinkMessage } from './netlink-link.ts'

/** The links of this node as last told by the kernel. */
export class LinkView {
  readonly #byName = new Map<string, KernelLink>()
  readonly #byIndex = new Map<number, KernelLink>()

  byName(name: string): KernelLink | undefined {
    return this.#byName.get(name)
  }

  byIndex(index: number): KernelLink | undefined {
    return this.#byIndex.get(index)
  }

  /** The whole truth, from a dump. Gives the links that were up and are not any more. */
  replace(links: readonly KernelLink[]): readonly KernelLink[] {
    const before = [...this.#byIndex.values()]
    this.#byIndex.clear()
    this.#byName.clear()
    for (const link of links) this.#put(link)
    return before.filter(({ up, index }) => up && !this.#byIndex.get(index)?.up)
  }

  /** One event: whether existence, name, state or MTU of a link changed by it, and the link that was up before and is not any more. */
  observe({ link, gone }: LinkMessage): { readonly changed: boolean; readonly lost?: KernelLink } {
    const before = this.#byIndex.get(link.index)
    if (gone ? before === undefined : before?.name === link.name && before.up === link.up && before.mtu === link.mtu)
      return { changed: false }
    if (before !== undefined) this.#remove(before)
    if (!gone) this.#put(link)
    return { changed: true, ...(before?.up && (gone || !link.up) ? { lost: before } : {}) }
  }

  #put(link: KernelLink): void {
    this.#byIndex.set(link.index, link)
    this.#byName.set(link.name, link)
  }

  #remove(link: KernelLink): void {
    this.#byIndex.delete(link.index)
    if (this.#byName.get(link.name)?.index === link.index) this.#byName.delete(link.name)
  }
}
