/**
 * A signed 32-bit hash of `bytes[start, end)`, four octets at a time.
 * @param seed secret, so that nobody can choose octets that collide
 */
export function hashOctets(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const multiplier = seed | 1
  let hash = (end - start) ^ seed
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
    hash = Math.imul(hash ^ word, multiplier)
    hash ^= hash >>> 15
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), multiplier) ^ (hash >>> 13)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}
