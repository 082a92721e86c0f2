/** How many times longer the labs wait before they give up: 1, or what LAB_PATIENCE says on a slow machine. */
export const patience = Number(process.env.LAB_PATIENCE ?? 1)

/** The agent hears of it, as opposed to what it finds once in 90 s by reading: so long that may take on a loaded machine. */
export const soonSec = 20 * patience

/**
 * Waits until `check` returns something (not undefined, null, false or an empty text): asks again every 50 ms (times `patience`), tolerating failures of the check itself.
 * @throws after `withinSec` with what was waited for and the last failure: a deadline for a stuck lab, not a measure
 */
export async function until<Value>(
  what: string,
  check: () => Promise<Value> | Value,
  withinSec = 60 * patience,
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + withinSec * 1000
  let last: unknown
  for (;;) {
    try {
      const value = await check()
      if (value !== undefined && value !== null && value !== false && value !== '') return value
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`waited ${withinSec} s in vain: ${what}`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, 50 * patience))
  }
}
