/** `--watch` of what is no resource: lines of events until Ctrl-C, or until nobody reads any more. */
import { setTimeout as pause } from 'node:timers/promises'
import { open, type Server } from './client.ts'
import { type Io, problemLine } from './command.ts'
import { Interrupted, refused } from './failure.ts'
import { linesOf } from './lines.ts'

export type StreamEvent = { readonly type: string; readonly object?: unknown; readonly reason?: string }

/** An agent that is away is asked again after so long. */
const retryMs = 1_000

/**
 * Calls back for each event; whatever ends the stream, it is asked for again, and begins with all that is there.
 * @throws Interrupted after Ctrl-C; CliFailure if the agent refuses, or is not there at first
 */
export async function followEvents(io: Io, server: Server, path: string, print: (event: StreamEvent) => void): Promise<void> {
  const ended = new AbortController()
  const { signal } = ended
  io.stdout.on?.('error', () => ended.abort())
  io.onInterrupt?.(() => ended.abort(new Interrupted()))
  for (let rounds = 0; !signal.aborted; rounds++) {
    try {
      await follow(server, path, signal, print)
      if (!signal.aborted) io.stderr.write('tortie: the stream ended (trying again)\n')
    } catch (error) {
      if (signal.aborted) break
      if (rounds === 0 || !(error instanceof Error)) throw error
      io.stderr.write(`tortie: ${error.message} (trying again)\n`)
    }
    await pause(retryMs, undefined, { signal }).catch(() => undefined) // the loop looks at the signal
  }
  if (signal.reason instanceof Interrupted) throw signal.reason
}

async function follow(server: Server, path: string, signal: AbortSignal, print: (event: StreamEvent) => void): Promise<void> {
  const response = await open(server, { method: 'GET', path, isStream: true, signal })
  if (response.statusCode !== 200) {
    const text = (await response.setEncoding('utf8').toArray()).join('')
    throw refused(problemLine({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
  }
  for await (const line of linesOf(response.setEncoding('utf8'))) print(JSON.parse(line) as StreamEvent)
}
