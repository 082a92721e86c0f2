/**
 * Reads bodies without keeping BGP and everybody else waiting: YAML costs a second per MB, so large bodies are read in another thread,
 * one at a time. It ends soon after the last one, and the memory it took is given back with it.
 */
import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CheckContext } from '../model/kind.ts'
import type { Sent, ThreadTask } from './body-thread.ts'
import { type Body, type BodyRead, type Contents, readBody } from './read-body.ts'

/** Octets. The dearest body of this size costs about 0.1 s, as long as a thread takes to start. */
const atOnce = 32 * 1024

/** Those who load much send one body after the other, and a thread that has read one reads the next ten times as fast. */
const idleMs = 1_000

/** The young generation of the thread: V8's own 200 MB would take more memory than all that it reads, and save nothing. */
const youngMb = 12

const thread = new URL(`body-thread${extname(import.meta.url)}`, import.meta.url) // .ts, or .js once built

export class BodyReader {
  #turn: Promise<unknown> = Promise.resolve()
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined

  /** @param signal aborts when nobody waits for the answer any more: undefined then */
  async read<As extends keyof Contents>(
    as: As,
    body: Body,
    context: CheckContext,
    signal: AbortSignal,
  ): Promise<BodyRead<Contents[As]> | undefined> {
    if (body.octets.length <= atOnce) return readBody(as, body, context)
    const turn = this.#turn.then(async () => (signal.aborted ? undefined : await this.#readInThread<As>({ as, body, context }, signal)))
    this.#turn = turn.catch(() => undefined) // whoever asked has the error
    return await turn
  }

  async #readInThread<As extends keyof Contents>(task: ThreadTask, signal: AbortSignal): Promise<BodyRead<Contents[As]> | undefined> {
    const worker = this.#take()
    const over = new AbortController()
    const until = { signal: AbortSignal.any([signal, over.signal]) }
    try {
      const answered = Promise.race([once(worker, 'message', until), failsAtEnd(worker, until)])
      worker.postMessage(task)
      const [answer] = (await answered) as [BodyRead<Sent<Contents[As]>>]
      this.#keep(worker)
      return answer.items === undefined ? answer : { items: answer.items.map((item) => received<Contents[As]>(item)) }
    } catch (error) {
      await worker.terminate()
      if (signal.aborted) return undefined
      throw new Error(`the thread that reads a body of ${task.body.octets.length} octets failed`, { cause: error })
    } finally {
      over.abort()
    }
  }

  #take(): Worker {
    clearTimeout(this.#idle)
    const worker = this.#worker ?? this.#start()
    this.#worker = undefined
    worker.ref()
    return worker
  }

  #start(): Worker {
    const worker = new Worker(thread, { name: 'read-body', resourceLimits: { maxYoungGenerationSizeMb: youngMb } })
    // whoever waits for a body is told; of a thread that nobody waits for, its end says enough
    worker.on('error', () => undefined)
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    return worker
  }

  /** For the next body, if it comes soon; the end of the process does not wait for it. */
  #keep(worker: Worker): void {
    worker.unref()
    this.#worker = worker
    this.#idle = setTimeout(() => {
      this.#worker = undefined
      void worker.terminate()
    }, idleMs).unref()
  }
}

async function failsAtEnd(worker: Worker, until: { readonly signal: AbortSignal }): Promise<never> {
  const [exitCode] = await once(worker, 'exit', until)
  throw new Error(`it ended with ${exitCode}`)
}

function received<Item>({ lines, ...item }: Sent<Item>): Item {
  return { ...item, lineOf: (path: string) => lines[path] } as Item
}
