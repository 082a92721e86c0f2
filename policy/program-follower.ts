import type { Chain, Hook, IpSet, PolicyProgram, TableName } from '../felix/kernel.ts'
import type { Tracked } from '../felix/tracked.ts'
import type { Family } from '../src/net/address.ts'
import type { CompiledPolicy } from './compiled-policy.ts'
import { compareText } from './resource-key.ts'

type Copied = { readonly set: IpSet; readonly members: Set<string>; version: number }

/** A reader of a program as the kernel's writers are, for tests: it keeps a copy and looks only at what it is told has changed. */
export class ProgramFollower {
  readonly #program: PolicyProgram
  readonly #tables: readonly { readonly chains: Tracked<Chain>; readonly copy: Map<string, Chain>; version: number }[]
  readonly #sets = new Map<string, Copied>()
  #setsVersion = 0

  constructor(program: PolicyProgram) {
    this.#program = program
    const tables: readonly TableName[] = ['filter', 'mangle', 'nat', 'raw']
    const families: readonly Family[] = [4, 6]
    this.#tables = families.flatMap((family) =>
      tables.map((table) => ({ chains: program.chains[table][family], copy: new Map<string, Chain>(), version: 0 })),
    )
  }

  follow(): void {
    for (const table of this.#tables) {
      copyChanges(table.chains, table.version, table.copy)
      table.version = table.chains.version
    }
    const { ipSets } = this.#program
    for (const name of ipSets.changedSince(this.#setsVersion) ?? namesOf(ipSets, this.#sets)) this.#followSet(name)
    this.#setsVersion = ipSets.version
  }

  /** What was read so far, in the order of `CompiledPolicy`. */
  copy(): CompiledPolicy {
    const hooks: readonly Hook[] = this.#program.hooks
    return {
      chains: this.#tables.flatMap(({ copy }) => [...copy].toSorted(byName).map(([, chain]) => chain)),
      hooks,
      ipSets: [...this.#sets].toSorted(byName).map(([, { set, members }]) => ({ ...set, members })),
    }
  }

  #followSet(name: string): void {
    const set = this.#program.ipSets.get(name)
    const known = this.#sets.get(name)
    if (set === undefined) {
      this.#sets.delete(name)
      return
    }
    const { version = 0 } = set.members
    const changed = known?.set === set ? set.members.changedSince?.(known.version) : undefined
    if (known === undefined || changed === undefined) {
      this.#sets.set(name, { set, members: new Set(set.members), version })
      return
    }
    for (const member of changed) {
      if (set.members.has(member)) known.members.add(member)
      else known.members.delete(member)
    }
    known.version = version
  }
}

function copyChanges<Item>(tracked: Tracked<Item>, version: number, copy: Map<string, Item>): void {
  for (const name of tracked.changedSince(version) ?? namesOf(tracked, copy)) {
    const item = tracked.get(name)
    if (item === undefined) copy.delete(name)
    else copy.set(name, item)
  }
}

function namesOf(tracked: Tracked<unknown>, copy: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  return new Set([...copy.keys(), ...[...tracked.entries()].map(([name]) => name)])
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareText(a, b)
}
