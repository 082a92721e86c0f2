/** `-l`: which resources are meant by their labels, in the words of kubectl. Pure. */
import { misused } from './failure.ts'

export type LabelFilter = (labels: Readonly<Record<string, string>>) => boolean

const keyPattern = '[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?'
const valuePattern = '[A-Za-z0-9._-]*'
const equality = new RegExp(`^(${keyPattern})\\s*(==|=|!=)\\s*(${valuePattern})$`)
const existence = new RegExp(`^(!?)\\s*(${keyPattern})$`)

/**
 * "app=web,tier!=front,team,!canary": all of them have to hold; as in Kubernetes a resource without the label is "!=" any value.
 * @throws CliFailure (usage) for anything else
 */
export function labelFilter(text: string): LabelFilter {
  const requirements = text.split(',').map((part) => requirement(part.trim(), text))
  return (labels) => requirements.every((holds) => holds(labels))
}

function requirement(text: string, whole: string): LabelFilter {
  const [, key, operator, wanted] = equality.exec(text) ?? []
  if (key !== undefined) return (labels) => (labelOf(labels, key) === wanted) === (operator !== '!=')
  const [, not, label] = existence.exec(text) ?? []
  if (label !== undefined) return (labels) => (labelOf(labels, label) !== undefined) === (not === '')
  throw misused(`-l ${whole} is not understood: join KEY=VALUE, KEY!=VALUE, KEY and !KEY with commas`)
}

function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}
