import type { PrefixTable } from '../../src/net/prefix-table.ts'

/** All ids of a table in the order of their addresses, then of their lengths: one radix pass for each octet, the last significant first. */
export function sortedIds(table: PrefixTable): Int32Array {
  const width = table.family === 4 ? 4 : 16
  const addresses = new Uint8Array(table.capacity * width)
  let from = Int32Array.from(table.ids())
  let to = new Int32Array(from.length)
  for (const id of from) table.copyAddress(id, addresses, id * width)
  for (let pass = 0; pass <= width; pass++) {
    const octet = width - pass
    if (pass === 0) scatter(from, to, (id) => table.lengthOf(id))
    else scatter(from, to, (id) => addresses[id * width + octet] as number)
    const sorted = to
    to = from
    from = sorted
  }
  return from
}

/** Stable. @param digit 0..255 */
function scatter(from: Int32Array, to: Int32Array, digit: (id: number) => number): void {
  const starts = new Int32Array(257)
  for (const id of from) starts[digit(id) + 1] = (starts[digit(id) + 1] as number) + 1
  for (let i = 1; i < 257; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number)
  for (const id of from) {
    const place = digit(id)
    const at = starts[place] as number
    to[at] = id
    starts[place] = at + 1
  }
}

/** Where the address and length would stand in the order: the first place not before it. */
export function lowerBound(table: PrefixTable, sorted: Int32Array, bytes: Uint8Array, length: number): number {
  const address = new Uint8Array(16)
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const id = sorted[middle] as number
    const width = table.copyAddress(id, address, 0)
    if (compare(address, bytes, width) < 0 || (compare(address, bytes, width) === 0 && table.lengthOf(id) < length)) low = middle + 1
    else high = middle
  }
  return low
}

function compare(a: Uint8Array, b: Uint8Array, width: number): number {
  for (let i = 0; i < width; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return 0
}

/** Whether the prefix `id` is the given one or lies inside it. */
export function isInside(table: PrefixTable, id: number, bytes: Uint8Array, length: number): boolean {
  if (table.lengthOf(id) < length) return false
  const address = new Uint8Array(16)
  table.copyAddress(id, address, 0)
  const whole = length >>> 3
  if (compare(address, bytes, whole) !== 0) return false
  const rest = length & 7
  return rest === 0 || (((address[whole] as number) ^ (bytes[whole] as number)) & (0xff00 >> rest) & 0xff) === 0
}
