/** Typed arrays that grow: the old memory is given back at once, not when it is collected, so that no moment holds both for long. */

/** The array with at least `length` elements, doubled; the old one is detached and must not be used any more. */
export function grown<Column extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(column: Column, length: number): Column {
  let size = Math.max(64, column.length)
  while (size < length) size *= 2
  return resized(column, size)
}

/** As `grown`, with `length` elements exactly. New ones are 0. */
export function resized<Column extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(column: Column, length: number): Column {
  const { buffer } = column
  if (!(buffer instanceof ArrayBuffer)) throw new Error('a column of shared memory cannot be moved')
  const Column = column.constructor as new (buffer: ArrayBuffer) => Column
  return new Column(buffer.transfer(length * column.BYTES_PER_ELEMENT))
}
