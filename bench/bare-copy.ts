/** The same sets and rules in another namespace, with no agent: there the bare tools do the writes that ours are measured against. */
import { execa } from 'execa'
import { Namespace } from '../e2e/lab/namespace.ts'

/** As the programs are named: iptables, ip6tables. */
export type ToolFamily = 'ip' | 'ip6'
export const toolFamilies: readonly ToolFamily[] = ['ip', 'ip6']

/** What the tools read, for each family. */
export type FamilyInputs = Readonly<Record<ToolFamily, string>>

export class BareCopy {
  readonly #namespace: Namespace

  private constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  /** @param of whose sets and filter tables are copied */
  static async create(of: Namespace): Promise<BareCopy> {
    const copy = new BareCopy(await Namespace.create(`bench${process.pid}-b`))
    await copy.ipset(await of.run('ipset', ['save']))
    await copy.restore(await savedFilters(of))
    return copy
  }

  /** As the agent does: both families at once, and nothing that their input does not name is touched. */
  async restore(inputs: FamilyInputs): Promise<void> {
    await Promise.all(toolFamilies.map((family) => this.#pipe(inputs[family], `${family}tables-nft-restore`, '--noflush', '--wait=5')))
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

/** What `iptables-restore` makes the filter tables of. */
export async function savedFilters(of: Namespace): Promise<FamilyInputs> {
  const saved = (family: ToolFamily) => of.run(`${family}tables-nft-save`, ['-t', 'filter'])
  return { ip: await saved('ip'), ip6: await saved('ip6') }
}

/** The inputs that write one chain as it is saved. */
export function chainInputs(saved: FamilyInputs, chain: string): FamilyInputs {
  return { ip: chainInput(saved.ip, chain), ip6: chainInput(saved.ip6, chain) }
}

function chainInput(saved: string, chain: string): string {
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

/** The input of `nft -f` that writes one chain of both families as it is saved, in one transaction. */
export function nftChainInput(saved: string, chain: string): string {
  return toolFamilies.map((family) => nftFamilyInput(saved, family, chain)).join('')
}

function nftFamilyInput(saved: string, family: ToolFamily, chain: string): string {
  const table = saved.indexOf(`table ${family} tortie {`)
  const start = table < 0 ? -1 : saved.indexOf(`\tchain ${chain} {`, table)
  if (start < 0) throw new Error(`no chain ${chain} of ${family}`)
  const body = saved.slice(start, saved.indexOf('\n\t}', start) + 3)
  return `flush chain ${family} tortie ${chain}\ntable ${family} tortie {\n${body}\n}\n`
}
