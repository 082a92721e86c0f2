/** What somebody may have meant whose selector does not parse. The slips are those of other languages and of YAML. */
import type { SelectorError } from './selector.ts'

type Slip = readonly [pattern: RegExp, hint: string]

/** What stands where an operator, "&&", "||" or the end was expected; patterns are anchored there. */
const afterOperand: readonly Slip[] = [
  [/^===?=/, 'write "=="'],
  [/^=~|^~|^(matches|like|regex)\b/i, 'there are no patterns: use contains, starts with or ends with'],
  [/^=/, 'write "=="'],
  [/^<>/, 'write "!="'],
  [/^(is|eq|equals)\b/i, 'write "=="'],
  [/^(ne|neq)\b/i, 'write "!="'],
  [/^(or)\b|^\|/i, 'write "||"'],
  [/^(and)\b|^&|^,|^;/i, 'write "&&"'],
  [/^(starts|startsWith|hasPrefix|prefix)\b/i, 'write starts with, as in app starts with "web"'],
  [/^(ends|endsWith|hasSuffix|suffix)\b/i, 'write ends with, as in app ends with "web"'],
  [/^contains/i, 'write contains in lower case, with a space behind it'],
  [/^(not\s*in|in)\b/i, 'write in and not in in lower case'],
  [/^(exists)\b/i, 'write has(LABEL)'],
  [/^:/, 'write LABEL == "value"; a map of labels is for Kubernetes policies'],
  [/^\(/, 'no space may stand before "(", and only has(…), all() and global() have one'],
]

/** What stands where a value was expected. */
const afterOperator: readonly Slip[] = [
  [/^=/, 'write "=="'],
  [/^[\w./-]/, 'put the value in quotes'],
  [/^[‘’“”`´]/, 'use straight quotes, \' or "'],
  [/^[([]/, 'write a set as {"a", "b"}'],
]

/** What stands where a condition was expected to begin. */
const atOperand: readonly Slip[] = [
  [/^\*/, 'write all() for everything'],
  [/^[‘’“”`´]/, 'use straight quotes, \' or "'],
  [/^[[{]/, 'a set comes behind in or not in, as in app in {"a", "b"}'],
  [/^["']/, 'a label comes first and has no quotes, as in app == "web"'],
]

/** One clause to put behind the error's message; undefined where nothing usual was mistyped. */
export function selectorHint(text: string, { message, position }: SelectorError): string | undefined {
  const rest = text.slice(position, position + 40)
  const before = text.slice(Math.max(0, position - 600), position).trimEnd()
  if (message.includes('no closing')) return 'a string ends with the quote it begins with, and holds no other of its kind'
  if (/\{[^{}"']*$/.test(before)) return 'put each value of a set in quotes'
  if (/(==|!=|\b(in|contains|with))$/.test(before)) return slipIn(afterOperator, rest)
  if (/(==|!=|\b(contains|with))[ \t]*[\w./-]+$/.test(before)) return 'put the value in quotes'
  if (message.includes('a label before')) return 'a label comes first and has no quotes, as in app == "web"'
  if (message.includes('operator')) return labelHint(before, rest) ?? slipIn(afterOperand, rest) ?? bareLabelHint(before)
  if (/["')}]$/.test(before)) return slipIn(afterOperand, rest) ?? (rest === '' ? undefined : 'join two conditions with "&&" or "||"')
  return slipIn(atOperand, rest)
}

/** Words that are no labels where they stand. */
function labelHint(before: string, rest: string): string | undefined {
  const label = lastLabel(before)
  if (label === 'all' || label === 'global') return rest === '' || /^[)&|]/.test(rest) ? `write ${label}()` : undefined
  if (/^(or|and)$/i.test(label)) return `write "${label.length === 2 ? '||' : '&&'}"`
  if (label === 'not' && /^(has|all|\()/.test(rest)) return 'write "!" for not, as in !has(app)'
  return label === 'has' ? 'write has(LABEL), without quotes and with no space before "("' : undefined
}

function bareLabelHint(before: string): string {
  return `write has(${lastLabel(before)}) for a label with any value`
}

function lastLabel(before: string): string {
  return /[\w./-]{1,64}$/.exec(before)?.[0] ?? 'LABEL'
}

function slipIn(slips: readonly Slip[], rest: string): string | undefined {
  return slips.find(([pattern]) => pattern.test(rest))?.[1]
}
