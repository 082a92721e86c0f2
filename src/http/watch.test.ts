import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Datastore } from '../datastore/datastore.ts'
import { openEmbedded } from '../datastore/embedded.ts'
import type { HistoryLimits } from '../datastore/history.ts'
import { networkSet } from '../model/network-set.ts'
import type { Resource } from '../model/resource.ts'
import { ChangeEncoder, type WatchRequest, type WatchTarget, watchLines } from './watch.ts'

const limits: HistoryLimits = { events: 100, characters: 1e6 }

async function withStore<T>(use: (store: Datastore) => Promise<T>, kept = limits): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'tortie-watch-'))
  const opened = await openEmbedded(directory, Date.now, kept)
  if (opened.type === 'problem') throw new Error(opened.problem)
  try {
    return await use(opened.datastore)
  } finally {
    await opened.datastore.close()
    rmSync(directory, { recursive: true })
  }
}

const set = (name: string, value = 0, namespace = 'shop'): Resource => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkSet',
  metadata: { name, namespace },
  spec: { nets: [`10.0.0.${value}/32`] },
})
const ref = (name: string, namespace = 'shop') => ({ group: 'projectcalico.org', kind: 'NetworkSet', namespace, name })
const put = (store: Datastore, ...resources: Resource[]) => store.commit(resources.map((resource) => ({ type: 'put', resource })))
const remove = (store: Datastore, name: string) => store.commit([{ type: 'delete', ref: ref(name) }])

type Event = { readonly type: string; readonly object: Resource }

function parse(lines: Buffer): readonly Event[] {
  return String(lines)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event)
}

/** One watch, read event by event. */
class Watcher {
  readonly #lines: AsyncGenerator<Buffer>
  readonly #abort = new AbortController()
  readonly #events: Event[] = []

  constructor(store: Datastore, request: Omit<WatchRequest, 'target'> & { readonly target?: Partial<WatchTarget> }) {
    const encoder = new ChangeEncoder()
    this.#lines = watchLines({ store, encoder }, { ...request, target: { kind: networkSet, ...request.target } }, this.#abort.signal)
  }

  /** "ADDED shop/a 1": type, name and resourceVersion of the next event; 'end' once the watch has ended. */
  async next(): Promise<string> {
    const event = await this.event()
    if (event === undefined) return 'end'
    const { namespace, name, resourceVersion } = event.object.metadata
    return `${event.type} ${name === undefined ? '' : `${namespace}/${name} `}${resourceVersion}`
  }

  async event(): Promise<Event | undefined> {
    while (this.#events.length === 0) {
      const { done, value } = await this.#lines.next()
      if (done) return undefined
      this.#events.push(...parse(value))
    }
    return this.#events.shift()
  }

  async take(count: number): Promise<readonly string[]> {
    const taken: string[] = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }

  stop(): void {
    this.#abort.abort()
  }

  /** As a response does when its client has gone. */
  async leave(): Promise<void> {
    this.#abort.abort()
    await this.#lines.return(undefined)
  }
}

t.test('without a revision: what is there as ADDED, then what happens', async (t) =>
  withStore(async (store) => {
    await put(store, set('b'), set('a'))
    const watcher = new Watcher(store, { bookmarks: true })
    t.strictSame(await watcher.take(3), ['ADDED shop/a 1', 'ADDED shop/b 1', 'BOOKMARK 1'])
    await put(store, set('a', 1))
    await remove(store, 'b')
    await put(store, set('c'))
    t.strictSame(await watcher.take(3), ['MODIFIED shop/a 2', 'DELETED shop/b 3', 'ADDED shop/c 4'])
    watcher.stop()
    t.equal(await watcher.next(), 'end')
  }),
)

t.test('from a revision: what happened after it, then what happens', async (t) =>
  withStore(async (store) => {
    await put(store, set('a'))
    await remove(store, 'a')
    const watcher = new Watcher(store, { from: 1 })
    await put(store, set('a'))
    t.strictSame(await watcher.take(2), ['DELETED shop/a 2', 'ADDED shop/a 3'])
    const next = watcher.next()
    await put(store, set('z'))
    t.equal(await next, 'ADDED shop/z 4', 'one that waits is woken')
    await watcher.leave()
  }),
)

const targets: [title: string, target: Partial<WatchTarget>, expected: readonly string[]][] = [
  ['a kind', {}, ['lab/a', 'shop/a', 'shop/b']],
  ['a namespace', { namespace: 'shop' }, ['shop/a', 'shop/b']],
  ['one name', { namespace: 'shop', name: 'b' }, ['shop/b']],
]
for (const [title, target, expected] of targets) {
  t.test(`only what is watched is told: ${title}`, async (t) =>
    withStore(async (store) => {
      const resources = [set('a', 0, 'lab'), set('a'), set('b')]
      const other: Resource = { ...set('b'), kind: 'NetworkPolicy' }
      const live = new Watcher(store, { target })
      const first = live.take(expected.length)
      await put(store, other, ...resources)
      const present = new Watcher(store, { target })
      const wanted = expected.map((name) => `ADDED ${name} 1`)
      t.strictSame([await present.take(expected.length), await first], [wanted, wanted])
      present.stop()
      live.stop()
      t.strictSame([await present.next(), await live.next()], ['end', 'end'])
    }),
  )
}

t.test('at its end a watch with bookmarks says up to where nothing was left out', async (t) =>
  withStore(async (store) => {
    await put(store, set('a'))
    const watcher = new Watcher(store, { from: 1, bookmarks: true, target: { namespace: 'lab' } })
    const next = watcher.next()
    await put(store, set('a', 1))
    await new Promise(setImmediate) // the watch has seen that this is nothing for it
    watcher.stop()
    t.strictSame([await next, await watcher.next()], ['BOOKMARK 2', 'end'])
  }),
)

t.test('a reader whom the history has left behind is ended', async (t) =>
  withStore(
    async (store) => {
      const watcher = new Watcher(store, {})
      const first = watcher.next()
      await put(store, set('a'))
      t.equal(await first, 'ADDED shop/a 1')
      for (const value of [1, 2, 3]) await put(store, set('a', value))
      t.equal(await watcher.next(), 'end')
    },
    { events: 2, characters: 1e6 },
  ),
)

t.test('a change is encoded once for all who watch the same', async (t) =>
  withStore(async (store) => {
    const encoder = new ChangeEncoder()
    await put(store, set('a'))
    const change = store.changeAfter(0)
    if (change === undefined || change === 'too-old') throw new Error('no change')
    const lines = encoder.lines(change, { kind: networkSet })
    t.equal(encoder.lines(change, { kind: networkSet }), lines)
    t.not(encoder.lines(change, { kind: networkSet, namespace: 'shop' }), lines)
    await put(store, set('b'))
    const later = store.changeAfter(1)
    if (later === undefined || later === 'too-old') throw new Error('no change')
    encoder.lines(later, { kind: networkSet })
    t.strictSame(encoder.lines(change, { kind: networkSet }), lines, 'an older one still says the same')
  }),
)

/** A client as Kubernetes has them: lists, watches from there, and lists again when the watch ends. */
class Client {
  readonly #store: Datastore
  readonly view = new Map<string, Resource>()
  #watcher: Watcher
  #pending: Promise<Event | undefined> | undefined

  constructor(store: Datastore, lists: boolean) {
    this.#store = store
    this.#watcher = lists ? this.#list() : new Watcher(store, {})
  }

  /** Takes what is there now, at most one event. */
  async read(): Promise<void> {
    this.#pending ??= this.#watcher.event()
    const nothing = Symbol('nothing yet')
    const event = await Promise.race([this.#pending, new Promise<symbol>((resolve) => setImmediate(resolve, nothing))])
    if (typeof event !== 'symbol') this.#take(event)
  }

  async readUntil(revision: number): Promise<void> {
    for (let seen = 0; seen < revision; ) {
      const event = await (this.#pending ?? this.#watcher.event())
      this.#take(event)
      seen = event === undefined ? this.#store.revision : Number(event.object.metadata.resourceVersion)
    }
  }

  async leave(): Promise<void> {
    await this.#watcher.leave()
  }

  #take(event: Event | undefined): void {
    this.#pending = undefined
    if (event === undefined) this.#watcher = this.#list()
    else if (event.type === 'DELETED') this.view.delete(event.object.metadata.name)
    else this.view.set(event.object.metadata.name, event.object)
  }

  #list(): Watcher {
    this.view.clear()
    for (const { resource } of this.#store.list('projectcalico.org', 'NetworkSet')) this.view.set(resource.metadata.name, resource)
    return new Watcher(this.#store, { from: this.#store.revision })
  }
}

t.test('any interleaving of commits, watches, slow reads and lists ends with the view of each client equal to the store', async () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const changes = fc.uniqueArray(fc.record({ name, value: fc.option(fc.nat(3)) }), { selector: (change) => change.name, minLength: 1 })
  const step = fc.oneof(
    fc.record({ do: fc.constant('commit' as const), changes }),
    fc.record({ do: fc.constant('start' as const), lists: fc.boolean() }),
    fc.record({ do: fc.constant('read' as const), client: fc.nat(5) }),
  )
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), (steps, events) =>
    withStore(
      async (store) => {
        const clients: Client[] = []
        for (const each of steps) {
          if (each.do === 'start') clients.push(new Client(store, each.lists))
          else if (each.do === 'read') await clients[each.client % clients.length]?.read()
          else
            await store.commit(
              each.changes.map(({ name, value }) =>
                value === null ? { type: 'delete', ref: ref(name) } : { type: 'put', resource: set(name, value) },
              ),
            )
        }
        await put(store, set('last'))
        const expected = JSON.stringify(store.list('projectcalico.org', 'NetworkSet').map(({ resource }) => resource))
        for (const client of clients) {
          await client.readUntil(store.revision)
          await client.leave()
          const view = [...client.view.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
          if (JSON.stringify(view) !== expected) throw new Error(`${JSON.stringify(view)} is not ${expected}`)
        }
      },
      { events, characters: 1e6 },
    ),
  )
  await fc.assert(property, { numRuns: 60 })
})
