import type { Hook } from '../kernel.ts'
import type { WantedHooks } from './chain-diff.ts'
import { hashHookRules } from './chain-hash.ts'
import type { SavedHook } from './chains-text.ts'

/** Our jumps by kernel chain, with their hashes. @param hooks of one table */
export function hashHooks(hooks: readonly Hook[]): Map<string, WantedHooks> {
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

export function sameHooks(a: readonly Hook[], b: readonly Hook[]): boolean {
  return a === b || (a.length === b.length && a.every((hook, i) => hook === b[i]))
}
