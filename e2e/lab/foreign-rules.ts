import { execa } from 'execa'
import type { Namespace } from './namespace.ts'

export type Backend = 'nft' | 'legacy'

/** The rules of others in a node's iptables of one backend, IPv4. */
export class ForeignRules {
  readonly backend: Backend
  readonly #namespace: Namespace

  constructor(namespace: Namespace, backend: Backend) {
    this.#namespace = namespace
    this.backend = backend
  }

  /** One change, with the lock waited for. */
  async iptables(...args: readonly string[]): Promise<void> {
    await this.#namespace.run(`iptables-${this.backend}`, ['-w', '5', ...args])
  }

  /** @param mode whole: every table that is named begins anew, as with `iptables-restore` and no option */
  async restore(text: string, mode: 'noflush' | 'whole' = 'noflush'): Promise<void> {
    const tool = `iptables-${this.backend}-restore`
    const options = ['-w', '5', ...(mode === 'noflush' ? ['--noflush'] : [])]
    await execa('ip', ['netns', 'exec', this.#namespace.name, tool, ...options], { input: text })
  }

  /** What is saved of a table without what is ours, octet for octet but for counters and the time of day. */
  async saved(...tables: readonly string[]): Promise<string> {
    const texts = await Promise.all(tables.map((table) => this.#save(table)))
    return texts.map((lines) => lines.filter((line) => !isOurs(line)).join('\n')).join('\n')
  }

  /** Our chains and hooks of the filter table. */
  async ours(): Promise<readonly string[]> {
    return (await this.#save('filter')).filter(isOurs)
  }

  /** Packets that the rule of this text has seen. @throws when there is no such rule */
  async packets(table: string, rule: string): Promise<number> {
    const text = await this.#namespace.run(`iptables-${this.backend}-save`, ['-c', '-t', table])
    const line = text.split('\n').find((each) => each.endsWith(`] ${rule}`))
    if (line === undefined) throw new Error(`${table} has no rule ${rule}`)
    return Number(/^\[(\d+):/.exec(line)?.[1])
  }

  async #save(table: string): Promise<readonly string[]> {
    const text = await this.#namespace.run(`iptables-${this.backend}-save`, ['-t', table])
    return text.split('\n').flatMap((line) => (line.startsWith('#') || line === '' ? [] : [line.replace(/ \[\d+:\d+\]$/, '')]))
  }
}

function isOurs(line: string): boolean {
  return line.startsWith(':tort-') || line.startsWith('-A tort-') || line.includes('tortie:')
}
