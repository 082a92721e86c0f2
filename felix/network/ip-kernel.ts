import type { Family } from '../../src/net/address.ts'
import type { Run } from '../../src/os/process.ts'
import { changeLine, readLinkAddresses, readLinks, readRefusals, readRoutes } from './ip-text.ts'
import type { KernelRoute, Refusal, RouteChange } from './kernel-route.ts'
import type { KernelAddress } from './netlink-address.ts'
import type { KernelLink, LinkChange } from './netlink-link.ts'
import type { NetworkKernel } from './network-kernel.ts'

const TIMEOUT_MS = 60_000

/** The kernel through the program `ip`: the plain fallback where netlink cannot be reached. */
export class IpKernel implements NetworkKernel {
  readonly way = 'ip'
  readonly batchSize = 10_000
  readonly port = 0
  readonly #run: Run
  #lines: string[] = []
  #names = new Map<number, string>()
  #indexes = new Map<string, number>()

  constructor(run: Run) {
    this.#run = run
  }

  async routes(family: Family, protocol: number, visit: (route: KernelRoute) => void): Promise<void> {
    await this.links()
    const json = await this.#ip([`-${family}`, '-details', '-N', '-json', 'route', 'show', 'table', 'main', 'proto', String(protocol)])
    for (const route of readRoutes(json, family, (name) => this.#indexes.get(name) ?? 0)) visit({ ...route, protocol })
  }

  async links(): Promise<readonly KernelLink[]> {
    const links = readLinks(await this.#ip(['-json', 'address', 'show']))
    this.#names = new Map(links.map(({ index, name }) => [index, name]))
    this.#indexes = new Map(links.map(({ index, name }) => [name, index]))
    return links
  }

  async addresses(link?: KernelLink): Promise<readonly KernelAddress[]> {
    return readLinkAddresses(await this.#ip(['-json', 'address', 'show', ...(link === undefined ? [] : ['dev', link.name])]))
  }

  change(change: RouteChange): void {
    this.#lines.push(changeLine(change, (index) => this.#names.get(index)))
  }

  async flush(): Promise<readonly Refusal[]> {
    const lines = this.#lines.splice(0)
    if (lines.length === 0) return []
    const result = await this.#run('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, timeoutMs: TIMEOUT_MS })
    const refusals = readRefusals(result.stderr, lines.length)
    if (result.exitCode !== 0 && refusals.length === 0) throw new Error(`ip -batch: ${result.stderr.trim()}`)
    return refusals
  }

  async changeLink(link: KernelLink, { up, mtu }: LinkChange): Promise<Refusal | undefined> {
    const words = [...(mtu === undefined ? [] : ['mtu', String(mtu)]), ...(up === undefined ? [] : [up ? 'up' : 'down'])]
    return this.#ask(['link', 'set', 'dev', link.name, ...words])
  }

  async makeIpip(name: string): Promise<Refusal | undefined> {
    return this.#ask(['link', 'add', 'name', name, 'type', 'ipip'])
  }

  async changeAddress(operation: 'create' | 'delete', { index, address, length, label }: KernelAddress): Promise<Refusal | undefined> {
    const verb = operation === 'create' ? 'add' : 'del'
    const labelWords = label === undefined ? [] : ['label', label]
    return this.#ask(['address', verb, `${address}/${length}`, 'dev', this.#names.get(index) ?? `if${index}`, ...labelWords])
  }

  close(): void {
    this.#lines = []
  }

  async #ask(args: readonly string[]): Promise<Refusal | undefined> {
    const result = await this.#run('ip', args, { timeoutMs: TIMEOUT_MS })
    if (result.exitCode === 0) return undefined
    return readRefusals(`${result.stderr}\nCommand failed -:1`, 1)[0]
  }

  async #ip(args: readonly string[]): Promise<string> {
    const result = await this.#run('ip', args, { timeoutMs: TIMEOUT_MS })
    if (result.exitCode !== 0) throw new Error(`ip ${args.join(' ')}: ${result.stderr.trim()}`)
    return result.stdout
  }
}
