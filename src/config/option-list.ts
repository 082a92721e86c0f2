import type { TSchema } from 'typebox'
import type { OptionText } from './option.ts'
import { optionTable } from './option-table.ts'

/** One row of the option table. @property path "bgp.listenPort"; "bgp.peers[].port" inside a list */
export type OptionRow = Partial<OptionText> & { readonly path: string; readonly schema: TSchema; readonly default?: unknown }

type Node = TSchema &
  Partial<OptionText> & { readonly properties?: Readonly<Record<string, Node>>; readonly items?: Node; readonly default?: unknown }

/** All options in the order of the table; groups are not rows, lists of groups are, followed by what is in them. */
export const optionRows: readonly OptionRow[] = rowsBelow('', optionTable as Node)

/** The variable that overrides an option: "TORTIE_BGP_LISTENPORT". undefined inside a list, which is overridden as a whole. */
export function variableOf(path: string): string | undefined {
  return path.includes('[') ? undefined : `TORTIE_${path.toUpperCase().replaceAll('.', '_')}`
}

function rowsBelow(base: string, { properties = {} }: Node): readonly OptionRow[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = base === '' ? name : `${base}.${name}`
    if (node.properties !== undefined) return rowsBelow(path, node)
    const { meaning, otherwise, unit } = node
    const row: OptionRow = {
      path,
      schema: node,
      ...(meaning !== undefined && { meaning }),
      ...(otherwise !== undefined && { otherwise }),
      ...(unit !== undefined && { unit }),
      ...(node.default !== undefined && { default: node.default }),
    }
    return [row, ...(node.items === undefined ? [] : rowsBelow(`${path}[]`, node.items))]
  })
}
