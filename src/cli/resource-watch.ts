/**
 * Resources of one kind as they change. Whatever ends the agent's stream (a restart, a revision that is too old, a lost connection), the
 * list is read again and compared with what was told before: no deletion is missed, only steps in between are.
 */
import type { IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { open, type Server } from './client.ts'
import { ask, problemLine } from './command.ts'
import { CliFailure } from './failure.ts'
import { type KindName, resourcePath } from './kind-names.ts'
import type { LabelFilter } from './label-filter.ts'
import { linesOf } from './lines.ts'
import type { Shown } from './resource-table.ts'

/** @property namespace undefined: all, or the kind is in none */
export type Wanted = { readonly kind: KindName; readonly namespace?: string; readonly name?: string; readonly selector?: LabelFilter }

export type WatchEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Shown }

/**
 * @property onLost told once why the agent does not answer any more, each time it stops answering
 * @property retryMs between two lists at least
 */
export type WatchOptions = { readonly signal: AbortSignal; readonly retryMs: number; readonly onLost: (reason: string) => void }

type List = { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly Shown[] }

/** HTTP: the revision is too old to go on from. */
const gone = 410

/**
 * First all that is there in one batch, then the changes.
 * @throws CliFailure if the first list is refused
 */
export async function* watchResources(server: Server, wanted: Wanted, options: WatchOptions): AsyncGenerator<readonly WatchEvent[]> {
  const path = resourcePath(wanted.kind, wanted.namespace)
  const told = new Told(wanted)
  const { signal, retryMs } = options
  for (let rounds = 0; !signal.aborted; rounds++) {
    const list = rounds === 0 ? await listOnce(server, path, signal) : await listAgain(server, path, options)
    if (list === undefined) return
    const changes = told.compared(list.items)
    if (rounds === 0 || changes.length > 0) yield changes
    const pauseBeforeNext = pause(retryMs, undefined, { signal }).catch(() => undefined) // the loop looks at the signal
    yield* follow(server, `${path}?watch=true&resourceVersion=${list.metadata.resourceVersion}`, told, signal)
    await pauseBeforeNext
  }
}

async function listOnce(server: Server, path: string, signal: AbortSignal): Promise<List | undefined> {
  try {
    return (await ask(server, { method: 'GET', path, signal })) as List
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** undefined: the signal came first. */
async function listAgain(server: Server, path: string, { signal, retryMs, onLost }: WatchOptions): Promise<List | undefined> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await listOnce(server, path, signal)
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error
      if (failures === 0) onLost(error.message)
      await pause(retryMs, undefined, { signal }).catch(() => undefined) // the loop looks at the signal
    }
  }
  return undefined
}

/** Ends when the agent ends it, too old a revision included. @throws CliFailure if the agent refuses for another reason */
async function* follow(server: Server, path: string, told: Told, signal: AbortSignal): AsyncGenerator<readonly WatchEvent[]> {
  try {
    const response = await open(server, { method: 'GET', path, isStream: true, signal })
    if (response.statusCode === gone) response.destroy()
    else if (response.statusCode !== 200) throw await refusalOf(response)
    else yield* changesIn(response, told)
  } catch (error) {
    if (!signal.aborted && !isLost(error)) throw error
  }
}

async function* changesIn(response: IncomingMessage, told: Told): AsyncGenerator<readonly WatchEvent[]> {
  for await (const line of linesOf(response.setEncoding('utf8'))) {
    const event = JSON.parse(line)
    const change = isWatchEvent(event) ? told.changed(event) : undefined
    if (change !== undefined) yield [change]
  }
}

async function refusalOf(response: IncomingMessage): Promise<Refusal> {
  const text = (await response.setEncoding('utf8').toArray()).join('')
  return new Refusal(problemLine({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
}

/** Asked again, the agent would say the same. */
class Refusal extends CliFailure {
  constructor(message: string) {
    super(1, message)
  }
}

/** What the reader was told: each change becomes what it means for those that are wanted. */
class Told {
  readonly #wanted: Wanted
  readonly #known = new Map<string, Shown>()

  constructor(wanted: Wanted) {
    this.#wanted = wanted
  }

  /** Against the whole list: deletions first. */
  compared(items: readonly Shown[]): readonly WatchEvent[] {
    const present = new Set(items.map(keyOf))
    const gone = [...this.#known.values()].filter((object) => !present.has(keyOf(object)))
    return [
      ...gone.map((object) => ({ type: 'DELETED', object }) as const),
      ...items.map((object) => ({ type: 'MODIFIED', object }) as const),
    ].flatMap((event) => this.changed(event) ?? [])
  }

  /** undefined: nothing new, or nobody asked for it. */
  changed({ type, object }: WatchEvent): WatchEvent | undefined {
    const key = keyOf(object)
    const before = this.#known.get(key)
    if (type === 'DELETED' || !this.#isWanted(object)) {
      this.#known.delete(key)
      return before === undefined ? undefined : { type: 'DELETED', object }
    }
    this.#known.set(key, object)
    if (before === undefined) return { type: 'ADDED', object }
    return before.metadata.resourceVersion === object.metadata.resourceVersion ? undefined : { type: 'MODIFIED', object }
  }

  #isWanted({ metadata }: Shown): boolean {
    const { name, selector } = this.#wanted
    return (name === undefined || metadata.name === name) && (selector === undefined || selector(metadata.labels ?? {}))
  }
}

function keyOf({ metadata }: Shown): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function isWatchEvent(value: unknown): value is WatchEvent {
  return value instanceof Object && 'type' in value && ['ADDED', 'MODIFIED', 'DELETED'].includes(String(value.type))
}

function isLost(error: unknown): boolean {
  if (error instanceof Refusal) return false
  return error instanceof CliFailure || (error instanceof Error && 'code' in error && error.code === 'ECONNRESET')
}
