/** The same sets and rules in another namespace, with no agent: there the bare tools do the writes that ours are measured against. */
import { execa } from 'execa'
import { Namespace } from '../e2e/lab/namespace.ts'

export class BareCopy {
  readonly #namespace: Namespace

  private constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  /** @param of whose IPv4 sets and filter table are copied */
  static async create(of: Namespace): Promise<BareCopy> {
    const copy = new BareCopy(await Namespace.create(`bench${process.pid}-b`))
    await copy.ipset(await of.run('ipset', ['save']))
    await copy.restore(await savedFilter(of))
    return copy
  }

  /** As the agent does: nothing that `input` does not name is touched. */
  async restore(input: string): Promise<void> {
    await this.#pipe(input, 'iptables-nft-restore', '--noflush', '--wait=5')
  }

  async ipset(input: string): Promise<void> {
    await this.#pipe(input, 'ipset', 'restore', '-exist')
  }

  async remove(): Promise<void> {
    await this.#namespace.remove()
  }

  async #pipe(input: string, command: string, ...args: readonly string[]): Promise<void> {
    await execa('ip', ['netns', 'exec', this.#namespace.name, command, ...args], { input })
  }
}

/** What `iptables-restore` makes the IPv4 filter table of. */
export function savedFilter(of: Namespace): Promise<string> {
  return of.run('iptables-nft-save', ['-t', 'filter'])
}

/** The input that writes one chain as it is saved. */
export function chainInput(saved: string, chain: string): string {
  const rules = saved.split('\n').filter((line) => line.startsWith(`-A ${chain} `))
  if (rules.length === 0) throw new Error(`no rules in ${chain}`)
  return `*filter\n:${chain} - -\n${rules.join('\n')}\nCOMMIT\n`
}

/** The same with nf_tables itself: our tables in another namespace, written with `nft -f`. */
export class BareNftCopy {
  readonly #namespace: Namespace

  private constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  /** @param saved @see savedRuleset */
  static async create(saved: string): Promise<BareNftCopy> {
    const copy = new BareNftCopy(await Namespace.create(`bench${process.pid}-b`))
    await copy.restore(saved)
    return copy
  }

  async restore(input: string): Promise<void> {
    await execa('ip', ['netns', 'exec', this.#namespace.name, 'nft', '-f', '-'], { input })
  }

  async remove(): Promise<void> {
    await this.#namespace.remove()
  }
}

/** What `nft -f` makes all tables of. */
export function savedRuleset(of: Namespace): Promise<string> {
  return of.run('nft', ['-s', 'list', 'ruleset'])
}

/** The input of `nft -f` that writes one chain of the IPv4 table as it is saved. */
export function nftChainInput(saved: string, chain: string): string {
  const start = saved.indexOf(`\tchain ${chain} {`)
  if (start < 0) throw new Error(`no chain ${chain}`)
  const body = saved.slice(start, saved.indexOf('\n\t}', start) + 3)
  return `flush chain ip tortie ${chain}\ntable ip tortie {\n${body}\n}\n`
}
