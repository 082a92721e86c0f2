/** Seconds that some work takes. */
export async function secondsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return round((performance.now() - began) / 1000)
}

/** The speaker's first keepalives, End-of-RIBs and timers are not part of a figure. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1500))
}

/** To milliseconds. */
export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
