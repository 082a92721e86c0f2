import { hash } from 'node:crypto'
import type { Family } from '../../src/net/address.ts'
import type { Rule } from '../kernel.ts'
import { commentedText, ruleText } from './rule-text.ts'

/** In front of the hash in the comment of each rule that is ours. */
export const COMMENT_PREFIX = 'tortie:'

/**
 * The rules of one chain with their positional hashes.
 *
 * Each hash covers the chain's name, the hash before it and the rule's own text, so equal lists of hashes mean equal rules at equal
 * positions, and the kernel's text of a rule, which differs between versions, never has to be compared.
 *
 * @property hashes 16 characters of base64url each, in rule order
 * @property lines what stands after "-A CHAIN " in restore input
 */
export type HashedRules = { readonly hashes: readonly string[]; readonly lines: readonly string[] }

/** @param seed what the rules belong to: the chain's name, or kernel chain and end for hooks */
export function hashRules(seed: string, rules: readonly Rule[], family: Family): HashedRules {
  const hashes: string[] = []
  const lines: string[] = []
  let previous = ''
  for (const rule of rules) {
    const text = ruleText(rule, family)
    previous = hash('sha224', `${seed}\n${previous}\n${text}\n${rule.comment ?? ''}`, 'base64url').slice(0, 16)
    const human = rule.comment === undefined ? '' : ` ${rule.comment}`
    hashes.push(previous)
    lines.push(commentedText(rule, family, COMMENT_PREFIX + previous + human))
  }
  return { hashes, lines }
}

/** The hash in one line of `iptables-save`, or undefined if the rule is not ours. */
export function hashInLine(line: string): string | undefined {
  return /--comment "?tortie:([\w-]{16})(?=[ "]|$)/.exec(line)?.[1]
}
