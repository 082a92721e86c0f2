/**
 * A function that asks for `work`, which is never done twice at a time and not before `ready`. What is asked for while a turn waits is
 * done in that turn, since it begins later. A rejection of either is not caught.
 */
export function inTurn(ready: Promise<unknown>, work: () => Promise<void>): () => void {
  let last = ready
  let isWaiting = false
  return () => {
    if (isWaiting) return
    isWaiting = true
    last = last.then(() => {
      isWaiting = false
      return work()
    })
  }
}
