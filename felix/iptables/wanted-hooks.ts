import type { Hook } from '../kernel.ts'
import type { WantedHooks } from './chain-diff.ts'
import { hashHookRules } from './chain-hash.ts'
import type { SavedHook } from './chains-text.ts'

/** Our jumps in the kernel's own chains of one table, as they are wanted. */
export class StatedHooks {
  #hooks: readonly Hook[] = []
  #byKernelChain: ReadonlyMap<string, WantedHooks> = new Map()

  /** With their hashes. */
  get byKernelChain(): ReadonlyMap<string, WantedHooks> {
    return this.#byKernelChain
  }

  /** The chains that they lead to. */
  get targets(): ReadonlySet<string> {
    return new Set(this.#hooks.flatMap(({ rule }) => ('chain' in rule.action ? [rule.action.chain] : [])))
  }

  has(kernelChain: string): boolean {
    return this.#byKernelChain.has(kernelChain)
  }

  /** What is wanted from now on. @returns whether it is something else */
  state(hooks: readonly Hook[]): boolean {
    if (sameHooks(hooks, this.#hooks)) return false
    this.#hooks = hooks
    this.#byKernelChain = hashHooks(hooks)
    return true
  }
}

function hashHooks(hooks: readonly Hook[]): Map<string, WantedHooks> {
  const wanted = new Map<string, WantedHooks>()
  for (const kernelChain of new Set(hooks.map((hook) => hook.kernelChain))) {
    const at = (end: Hook['at']): SavedHook[] => {
      const here = hooks.filter((hook) => hook.kernelChain === kernelChain && hook.at === end)
      const { hashes, lines } = hashHookRules(
        `${kernelChain} ${end}`,
        here.map(({ rule }) => rule),
        here[0]?.family ?? 4,
      )
      return hashes.map((hash, i) => ({ hash, line: lines[i] ?? '' }))
    }
    wanted.set(kernelChain, { inserted: at('insert'), appended: at('append') })
  }
  return wanted
}

function sameHooks(a: readonly Hook[], b: readonly Hook[]): boolean {
  return a === b || (a.length === b.length && a.every((hook, i) => hook === b[i]))
}
