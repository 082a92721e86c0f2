/** How long to wait. `random` is uniform in [0, 1). */

/** RFC 4271 §10: a factor of 0.75 to 1 keeps peers from acting in step. */
export function jittered(seconds: number, random: number): number {
  return seconds * (0.75 + random / 4)
}

/** ConnectRetryTimer in seconds: 2, 2, 4, 8, 16, 30, 30, … before jitter. Also the longest a dial may take. */
export function connectRetrySec(attempt: number, random: number): number {
  return jittered(Math.min(30, 2 ** Math.max(1, attempt)), random)
}

/** IdleHoldTimer in seconds (DampPeerOscillations, §8.1.1): hardly any after the first failure, then 1, 2, 4, … 60 before jitter. */
export function idleHoldSec(attempt: number, random: number): number {
  return jittered(attempt <= 1 ? 0.1 : Math.min(60, 2 ** (attempt - 2)), random)
}
