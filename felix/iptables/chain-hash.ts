import { hash } from 'node:crypto'
import type { Family } from '../../src/net/address.ts'
import type { Rule } from '../kernel.ts'
import { commentedText, ruleText } from './rule-text.ts'

/** In front of the hash in the comment of each rule that is ours. */
export const COMMENT_PREFIX = 'tortie:'

/**
 * The rules of one chain, and what each is known by when it is read back.
 *
 * A hash covers the chain's name, what the rule before it is known by and the rule's own text, so equal lists mean equal rules at equal
 * positions, and the kernel's text of a rule, which differs between versions, need not be compared. Only of a plain jump it is: every
 * version prints that as it was written.
 *
 * @property hashes in rule order: 16 characters of base64url each, of a plain jump its text
 * @property lines what stands after "-A CHAIN " in restore input
 */
export type HashedRules = { readonly hashes: readonly string[]; readonly lines: readonly string[] }

/** Of a chain of ours, in which nobody else has rules. @param chain its name */
export function hashRules(chain: string, rules: readonly Rule[], family: Family): HashedRules {
  return hashed(chain, rules, family, isPlainJump)
}

/** Of rules among those of others: each has a comment that says whose it is. @param place kernel chain and end */
export function hashHookRules(place: string, rules: readonly Rule[], family: Family): HashedRules {
  return hashed(place, rules, family, () => false)
}

/** What a line of `iptables-save` in a chain of ours is known by, or undefined if somebody else put it there. */
export function knownBy(line: string): string | undefined {
  return hashInLine(line) ?? (/^(?:-m mark --mark 0x[\da-f]+\/0x[\da-f]+ )?-j tort-\S+$/.test(line) ? line : undefined)
}

/** The hash in one line of `iptables-save`, or undefined if the rule is not ours. */
export function hashInLine(line: string): string | undefined {
  return /--comment "?tortie:([\w-]{16})(?=[ "]|$)/.exec(line)?.[1]
}

function hashed(seed: string, rules: readonly Rule[], family: Family, isBare: (rule: Rule) => boolean): HashedRules {
  const hashes: string[] = []
  const lines: string[] = []
  let previous = ''
  for (const rule of rules) {
    const text = ruleText(rule, family)
    if (isBare(rule)) {
      previous = text
      lines.push(text)
    } else {
      previous = hash('sha224', `${seed}\n${previous}\n${text}\n${rule.comment ?? ''}`, 'base64url').slice(0, 16)
      const human = rule.comment === undefined ? '' : ` ${rule.comment}`
      lines.push(commentedText(rule, family, COMMENT_PREFIX + previous + human))
    }
    hashes.push(previous)
  }
  return { hashes, lines }
}

/**
 * A jump from chain to chain, at most behind a mark. The kernel keeps 256 octets of comment in a rule, and calls them as a match: an
 * endpoint's chain is mostly such jumps, and without comments it is a fourth cheaper for a new connection.
 */
function isPlainJump({ match, action, comment }: Rule): boolean {
  if (action.type !== 'jump' || comment !== undefined) return false
  return match.length === 0 || (match.length === 1 && match.every((one) => one.type === 'mark' && !one.negated && !isWhole(one.mask)))
}

/** Such a mask is not printed. */
function isWhole(mask: number): boolean {
  return mask >>> 0 === 0xffff_ffff
}
