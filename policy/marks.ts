/** The packet-mark bits that policy uses, lowest of our mask first. */
export type Marks = {
  /** A policy or profile allowed the packet in the direction that is being looked at. */
  readonly accept: number
  /** A policy passed the packet to the next tier. */
  readonly pass: number
}

/** @param mask the bits that are ours. @throws RangeError with fewer than two bits */
export function marksOf(mask: number): Marks {
  const bits: number[] = []
  for (let bit = 0; bit < 32; bit++) if ((mask >>> bit) & 1) bits.push((1 << bit) >>> 0)
  const [accept, pass] = bits
  if (accept === undefined || pass === undefined) throw new RangeError(`mark mask 0x${mask.toString(16)} has fewer than two bits`)
  return { accept, pass }
}
