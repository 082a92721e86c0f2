import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The loop is woken this often to measure its lag; a shorter time would be most of what an idle agent costs. */
const resolutionMs = 100

/** How late the event loop came to what was due, in seconds. @property max of all wakes since the last reading */
export type LoopLag = { readonly p50: number; readonly p99: number; readonly max: number }

/**
 * Measures from now on, without keeping the process alive. The kernel's histogram counts the wait itself as delay: it is taken off.
 * @returns what was measured since the last call
 */
export function measureLoopLag(): () => LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3)
  return () => {
    const measured = histogram.count > 0
    const lag = measured
      ? { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) }
      : { p50: 0, p99: 0, max: 0 }
    histogram.reset()
    return lag
  }
}
