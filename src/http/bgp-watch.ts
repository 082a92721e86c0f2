/** `?watch=true` of BGP peers and routes: events as lines of JSON. */
import type { Streamed } from './answer.ts'

/** So many characters go out at once, or one batch of events. */
const maxBatch = 64 * 1024

/** Each event `{"type", …}` a line. The next ones are asked for when the client has taken these. */
export function eventLines(batches: AsyncIterable<readonly object[]>): Streamed {
  return { status: 200, chunks: lines(batches) }
}

async function* lines(batches: AsyncIterable<readonly object[]>): AsyncGenerator<Buffer> {
  for await (const events of batches) {
    let text = ''
    for (const event of events) {
      text += `${JSON.stringify(event)}\n`
      if (text.length < maxBatch) continue
      yield Buffer.from(text)
      text = ''
    }
    if (text !== '') yield Buffer.from(text)
  }
}
