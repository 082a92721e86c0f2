/** GET under Kubernetes' URLs: one resource, a list, and the watch of either. */
import { jsonOf } from '../datastore/resource-json.ts'
import type { ResourceRef } from '../model/resource.ts'
import { type Answer, type ProblemStatus, problem, problems, type Streamed } from './answer.ts'
import { title } from './apply.ts'
import type { EndpointContext } from './endpoint.ts'
import { about, flag, integer, type QueryValues, text } from './query.ts'
import { listChunks, pageOf, readCursor } from './resource-list.ts'
import type { ListTarget, OneTarget } from './resource-target.ts'
import { type ChangeEncoder, type WatchTarget, watchLines } from './watch.ts'

const watchParameters = {
  watch: about('Stream what happens from now on, one JSON object a line, instead of an answer that ends.', flag),
  resourceVersion: about(
    'With watch: the revision after which to begin; absent or 0: with what is there, as ADDED. Else: the least revision that will do.',
    integer(0, Number.MAX_SAFE_INTEGER),
  ),
  timeoutSeconds: about('How long the watch lasts at most; absent: until either side ends it.', integer(1, 86_400)),
  allowWatchBookmarks: about('Say up to which revision nothing was left out, after the first objects and once a minute.', flag),
}

export const oneParameters = watchParameters

export const listParameters = {
  ...watchParameters,
  limit: about('So many items at most.', integer(1, 10_000)),
  continue: about('What metadata.continue of the page before says.', text),
}

export type ReadContext = Pick<EndpointContext, 'store'> & { readonly encoder: ChangeEncoder }

type WatchQuery = QueryValues<typeof watchParameters>

export function readOne(context: ReadContext, { kind, ref }: OneTarget, query: WatchQuery, signal: AbortSignal): Answer | Streamed {
  const refused = watchRefusal(context, query)
  if (refused !== undefined) return refused
  if (query.watch) return watch(context, { kind, namespace: ref.namespace, name: ref.name }, query, signal)
  return stored(context, ref)
}

export function readList(
  context: ReadContext,
  { kind, namespace }: ListTarget,
  query: QueryValues<typeof listParameters>,
  signal: AbortSignal,
): Answer | Streamed {
  const { store } = context
  const refused = watchRefusal(context, query)
  if (refused !== undefined) return refused
  if (query.watch) {
    const paged = (['limit', 'continue'] as const).filter((name) => query[name] !== undefined)
    if (paged.length > 0)
      return problems(
        400,
        paged.map((name) => ({ path: `query.${name}`, value: query[name], reason: 'has no meaning with watch' })),
      )
    return watch(context, { kind, ...(namespace !== undefined && { namespace }) }, query, signal)
  }
  const after = query.continue === undefined ? undefined : readCursor(query.continue)
  if (query.continue !== undefined && after === undefined)
    return problems(400, [{ path: 'query.continue', value: query.continue, reason: 'is none that an earlier page returned' }])
  const tooOld = after && revisionRefusal(context, after.revision, 'query.continue')
  if (tooOld) return tooOld
  const page = pageOf(store.list(kind.group, kind.kind, namespace), store.revision, query.limit, after)
  return { status: 200, chunks: listChunks(kind, after?.revision ?? store.revision, page) }
}

export function stored({ store }: Pick<EndpointContext, 'store'>, ref: ResourceRef): Answer {
  const found = store.get(ref)
  return found ? { status: 200, body: Buffer.from(jsonOf(found.resource)) } : problem(404, `there is no ${title(ref)}`)
}

function watch(context: ReadContext, target: WatchTarget, query: WatchQuery, signal: AbortSignal): Streamed {
  const { resourceVersion = 0, timeoutSeconds, allowWatchBookmarks: bookmarks = false } = query
  const ended = timeoutSeconds === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1_000)])
  return { status: 200, chunks: watchLines(context, { target, bookmarks, ...(resourceVersion > 0 && { from: resourceVersion }) }, ended) }
}

function watchRefusal(context: ReadContext, { watch = false, resourceVersion = 0, ...rest }: WatchQuery): Answer | undefined {
  if (watch) return revisionRefusal(context, resourceVersion, 'query.resourceVersion')
  const useless = (['timeoutSeconds', 'allowWatchBookmarks'] as const).filter((name) => rest[name] !== undefined)
  if (useless.length > 0)
    return problems(
      400,
      useless.map((name) => ({ path: `query.${name}`, value: rest[name], reason: 'needs watch=true' })),
    )
  return resourceVersion > context.store.revision ? future(context, resourceVersion, 'query.resourceVersion') : undefined
}

/** Whether the store can say what happened after the revision; 0: nobody asks that. */
function revisionRefusal(context: ReadContext, revision: number, path: string): Answer | undefined {
  const { store } = context
  if (revision > store.revision) return future(context, revision, path)
  if (revision === 0 || store.changeAfter(revision) !== 'too-old') return undefined
  const status: ProblemStatus = 410
  return problem(
    status,
    `what followed revision ${revision} is not kept any more: list again, and watch from that list's resourceVersion`,
    [{ path, value: revision, reason: `is too old, the store is at ${store.revision}` }],
  )
}

/** As after another store was put in place: whoever waited for that revision would wait for ever. */
function future({ store }: ReadContext, revision: number, path: string): Answer {
  const reason = `is in the future, the store is at ${store.revision}: list again`
  return problems(400, [{ path, value: revision, reason }])
}
