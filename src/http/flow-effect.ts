/** Finds out what changes would do to flows, a little at a time, so that nothing else in the process waits for it. */
import { setImmediate } from 'node:timers/promises'
import type { FlowPreview, PreviewState } from '../../policy/explain/flow-preview.ts'

const sliceMs = 4
/** What takes longer is answered as far as it came. */
const mostMs = 2_000

/** @returns what was found; `truncated` where time or a limit ended it */
export async function runPreview(preview: FlowPreview, signal: AbortSignal, limitMs = mostMs): Promise<PreviewState> {
  const endMs = performance.now() + limitMs
  while (performance.now() < endMs && !signal.aborted) {
    const sliceEndMs = performance.now() + sliceMs
    while (performance.now() < sliceEndMs) if (!preview.step()) return preview.state
    await setImmediate()
  }
  return preview.state
}
