/** PUT and DELETE of one resource under Kubernetes' URLs. */
import type { FastifyRequest } from 'fastify'
import { checkDeletes, checkPuts } from '../model/cross-check.ts'
import { apiVersionOf } from '../model/kind.ts'
import type { Problem, Resource } from '../model/resource.ts'
import { type Answer, ok, problem, problems } from './answer.ts'
import { type ApplyOutcome, applyResources, deleteResources, title } from './apply.ts'
import { readRequest } from './body.ts'
import { readDeleteOptions } from './delete-options.ts'
import type { EndpointContext } from './endpoint.ts'
import { about, oneOf, type QueryValues, text } from './query.ts'
import { stored } from './resource-reads.ts'
import type { OneTarget } from './resource-target.ts'

const dryRun = about('Check and answer as if it were done, and change nothing.', oneOf('All', 'true'))

export const putParameters = { dryRun }

export const deleteParameters = {
  dryRun,
  resourceVersion: about('Delete only what is at this version.', text),
  uid: about('Delete only the object with this uid.', text),
}

export async function putOne(
  context: EndpointContext,
  target: OneTarget,
  query: QueryValues<typeof putParameters>,
  request: FastifyRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const { store } = context
  const read = await readRequest('resources', context, request, signal)
  if (read.type === 'refused') return read.answer
  const [resource, ...more] = read.items.map((item) => item.resource)
  const invalid = [...mismatches(target, resource, more.length + 1), ...checkPuts(read.items, store)]
  if (invalid.length > 0 || resource === undefined) return problems(422, invalid)
  const isDry = query.dryRun !== undefined
  const outcome = await applyResources(store, [resource], { dryRun: isDry, replace: true })
  if (outcome.type !== 'done') return refused(outcome)
  const status = outcome.results[0]?.result === 'created' ? 201 : 200
  return isDry ? { status, body: resource } : { ...stored(context, target.ref), status }
}

export async function deleteOne(
  { store }: EndpointContext,
  { ref, kind }: OneTarget,
  query: QueryValues<typeof deleteParameters>,
  request: FastifyRequest,
): Promise<Answer> {
  const apiVersion = apiVersionOf(kind)
  const read = readDeleteOptions(request)
  if (read.type === 'refused') return read.answer
  const kept = checkDeletes([{ ref, apiVersion, document: 0, lineOf: () => undefined }], store)
  if (kept.length > 0) return problems(423, kept)
  const before = store.get(ref)?.resource
  if (before === undefined) return problem(404, `there is no ${title(ref)}`)
  const stale = [...unmet('query', before, query), ...unmet('preconditions', before, read.options.preconditions ?? {})]
  if (stale.length > 0) return problems(409, stale)
  const isDry = (query.dryRun ?? read.options.dryRun?.[0]) !== undefined
  const outcome = await deleteResources(store, [{ apiVersion, ref }], { dryRun: isDry })
  return outcome.type === 'done' ? ok(before) : refused(outcome)
}

/** What has to be so and is not. @param base where it was asked for */
function unmet(
  base: string,
  { metadata, ...resource }: Resource,
  wanted: { readonly resourceVersion?: string; readonly uid?: string },
): readonly Problem[] {
  const name = title({ group: '', kind: resource.kind, namespace: metadata.namespace ?? '', name: metadata.name })
  return (['resourceVersion', 'uid'] as const).flatMap((field) =>
    wanted[field] === undefined || wanted[field] === metadata[field]
      ? []
      : [{ path: `${base}.${field}`, value: wanted[field], reason: `${name} is at ${field} ${metadata[field]}` }],
  )
}

function refused({ type, errors }: Exclude<ApplyOutcome, { type: 'done' }>): Answer {
  return problems(type === 'conflict' ? 409 : 422, errors)
}

/** The body has to be the one resource that the URL names. */
function mismatches({ kind, ref }: OneTarget, resource: Resource | undefined, count: number): readonly Problem[] {
  if (resource === undefined || count > 1) return [{ path: '', reason: `must be one resource, there are ${count}` }]
  const pairs: [path: string, given: string, wanted: string][] = [
    ['apiVersion', resource.apiVersion, apiVersionOf(kind)],
    ['kind', resource.kind, ref.kind],
    ['metadata.namespace', resource.metadata.namespace ?? '', ref.namespace],
    ['metadata.name', resource.metadata.name, ref.name],
  ]
  return pairs.flatMap(([path, given, wanted]) =>
    given === wanted ? [] : [{ path, value: given, reason: `must be ${wanted}, as the URL says` }],
  )
}
