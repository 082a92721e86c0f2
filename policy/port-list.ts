import type { PortRange } from '../felix/kernel.ts'
import type { PortSpec } from '../src/model/rule-shape.ts'

/** A port list taken apart: numbers as sorted disjoint ranges, names sorted, each once. */
export type PortList = { readonly ranges: readonly PortRange[]; readonly names: readonly string[] }

const maxSlots = 15 // XT_MULTI_PORTS; a range takes two

export function readPorts(specs: readonly PortSpec[]): PortList {
  const ranges: PortRange[] = []
  const names = new Set<string>()
  for (const spec of specs) {
    const match = /^(\d+)(?::(\d+))?$/.exec(String(spec))
    if (match === null) names.add(String(spec))
    else ranges.push({ from: Number(match[1]), to: Number(match[2] ?? match[1]) })
  }
  return { ranges: mergeRanges(ranges), names: [...names].toSorted() }
}

/** The same ports in the fewest ranges, ascending: overlapping and adjacent ones become one. */
export function mergeRanges(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = []
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last === undefined || from > last.to + 1) merged.push({ from, to })
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) }
  }
  return merged
}

/** Cuts a list into pieces of which each fits one multiport match. */
export function multiportChunks(ranges: readonly PortRange[]): readonly (readonly PortRange[])[] {
  const chunks: PortRange[][] = []
  let free = 0
  for (const range of ranges) {
    const slots = range.from === range.to ? 1 : 2
    if (slots > free) {
      chunks.push([])
      free = maxSlots
    }
    chunks.at(-1)?.push(range)
    free -= slots
  }
  return chunks
}
