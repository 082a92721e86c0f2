/** Typed arrays that grow: the old memory is given back at once, not when it is collected, so that no moment holds both for long. */

type AnyColumn = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array

const large = 2 ** 20

/**
 * How long a column is to become that has to hold `length` elements. Up to a million it becomes four times as long: what is never
 * written takes no memory, and copying takes time.
 */
export function grownLength(from: number, length: number): number {
  let size = Math.max(64, from)
  while (size < length) size *= size < large ? 4 : 2
  return size
}

/** The array with at least `length` elements; the old one is detached and must not be used any more. */
export function grown<Column extends AnyColumn>(column: Column, length: number): Column {
  return resized(column, grownLength(column.length, length))
}

/** As `grown`, with `length` elements exactly. New ones are 0. */
export function resized<Column extends AnyColumn>(column: Column, length: number): Column {
  const { buffer } = column
  if (!(buffer instanceof ArrayBuffer)) throw new Error('a column of shared memory cannot be moved')
  const Column = column.constructor as new (buffer: ArrayBuffer) => Column
  return new Column(buffer.transfer(length * column.BYTES_PER_ELEMENT))
}
