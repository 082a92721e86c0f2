/** A selector as a tree: what `parse` makes and everything else reads. Plain data; equal trees mean the same selector. */
export type Selector =
  | { readonly type: 'all' }
  | { readonly type: 'global' }
  | { readonly type: 'has'; readonly label: string }
  | Comparison
  | Membership
  | { readonly type: 'not'; readonly operand: Selector }
  | { readonly type: 'and' | 'or'; readonly operands: readonly Selector[] }

export type Comparison = {
  readonly type: 'equal' | 'not-equal' | 'contains' | 'starts-with' | 'ends-with'
  readonly label: string
  readonly value: string
}

/** @property values sorted bytewise, each once: `sortedValues` makes them so */
export type Membership = { readonly type: 'in' | 'not-in'; readonly label: string; readonly values: readonly string[] }

/** Why a text is no selector. @property position 0-based index into the text, where reading stopped */
export type SelectorError = { readonly type: 'error'; readonly message: string; readonly position: number }

/** The order and uniqueness of set members in a tree: bytewise over UTF-8, so that equal sets print the same. */
export function sortedValues(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
