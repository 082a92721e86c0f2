/** `tortie get KIND --watch`: a line per event until Ctrl-C, or until nobody reads any more. */
import type { Server } from './client.ts'
import { formatted, type Io, type Output } from './command.ts'
import { Interrupted } from './failure.ts'
import { headingsOf, rowOf } from './resource-table.ts'
import { type Wanted, type WatchEvent, watchResources } from './resource-watch.ts'
import { tableLines } from './table.ts'

/** An agent that is away is asked again after so long. */
const retryMs = 1_000

/** @throws Interrupted after Ctrl-C */
export async function printWatch(io: Io, { server, output }: { server: Server; output: Output }, wanted: Wanted): Promise<void> {
  const ended = new AbortController()
  io.stdout.on?.('error', () => ended.abort())
  io.onInterrupt?.(() => ended.abort(new Interrupted()))
  const onLost = (reason: string) => io.stderr.write(`tortie: ${reason} (trying again)\n`)
  let print: ((event: WatchEvent) => Promise<string>) | undefined
  for await (const batch of watchResources(server, wanted, { signal: ended.signal, retryMs, onLost })) {
    print ??= printer(io, output, wanted, batch)
    for (const event of batch) io.stdout.write(`${await print(event)}\n`)
  }
  if (ended.signal.reason instanceof Interrupted) throw ended.signal.reason
}

function printer(io: Io, output: Output, { kind }: Wanted, first: readonly WatchEvent[]): (event: WatchEvent) => Promise<string> {
  if (output === 'json') return async (event) => JSON.stringify(event)
  if (output === 'yaml') return async (event) => `---\n${await formatted('yaml', event)}`
  const row = ({ type, object }: WatchEvent) => [type.padEnd('MODIFIED'.length), ...rowOf(kind, object)]
  const { heading, line } = tableLines(['EVENT', ...headingsOf(kind)], first.map(row))
  io.stdout.write(`${heading}\n`)
  return async (event) => line(row(event))
}
