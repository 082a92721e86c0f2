/**
 * Reads bodies without keeping BGP and everybody else waiting: YAML costs a second per MB, so a large body gets a thread of its own,
 * one at a time. The memory it took is given back with the thread.
 */
import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CheckContext } from '../model/kind.ts'
import type { Sent, ThreadTask } from './body-thread.ts'
import { type Body, type BodyRead, type Contents, readBody } from './read-body.ts'

/** Octets. The dearest body of this size costs about 0.1 s, as long as a thread takes to start. */
const atOnce = 32 * 1024

const thread = new URL(`body-thread${extname(import.meta.url)}`, import.meta.url) // .ts, or .js once built

export class BodyReader {
  #turn: Promise<unknown> = Promise.resolve()

  /** @param signal aborts when nobody waits for the answer any more: undefined then */
  async read<As extends keyof Contents>(
    as: As,
    body: Body,
    context: CheckContext,
    signal: AbortSignal,
  ): Promise<BodyRead<Contents[As]> | undefined> {
    if (body.octets.length <= atOnce) return readBody(as, body, context)
    const turn = this.#turn.then(async () => (signal.aborted ? undefined : await readInThread<As>({ as, body, context }, signal)))
    this.#turn = turn.catch(() => undefined) // whoever asked has the error
    return await turn
  }
}

async function readInThread<As extends keyof Contents>(task: ThreadTask, signal: AbortSignal): Promise<BodyRead<Contents[As]> | undefined> {
  const worker = new Worker(thread, { workerData: task, name: 'read-body' })
  try {
    const [answer] = (await once(worker, 'message', { signal })) as [BodyRead<Sent<Contents[As]>>]
    return answer.items === undefined ? answer : { items: answer.items.map((item) => received<Contents[As]>(item)) }
  } catch (error) {
    if (signal.aborted) return undefined
    throw new Error(`the thread that reads a body of ${task.body.octets.length} octets failed`, { cause: error })
  } finally {
    await worker.terminate()
  }
}

function received<Item>({ lines, ...item }: Sent<Item>): Item {
  return { ...item, lineOf: (path: string) => lines[path] } as Item
}
