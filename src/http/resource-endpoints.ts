/** Resources under Kubernetes' URLs and in its object shapes: single and list, PUT and DELETE of one. */
import type { FastifyRequest } from 'fastify'
import { checkDeletes, checkPuts } from '../model/cross-check.ts'
import { apiVersionOf, type Kind } from '../model/kind.ts'
import { kindOfPlural } from '../model/kinds.ts'
import type { Problem, Resource, ResourceRef } from '../model/resource.ts'
import { type Answer, ok, problem, problems } from './answer.ts'
import { type ApplyOutcome, applyResources, deleteResources, title } from './apply.ts'
import { readRequest } from './body.ts'
import type { EndpointContext, Endpoints, Handler } from './endpoint.ts'
import { readQuery } from './query.ts'
import { parseResourcePath } from './resource-path.ts'

/** What a URL names: one resource, or all of a kind (in one namespace, if given). */
type Target =
  | { readonly type: 'one'; readonly kind: Kind; readonly ref: ResourceRef }
  | { readonly type: 'list'; readonly kind: Kind; readonly namespace: string | undefined }

type OneHandler = (target: Extract<Target, { type: 'one' }>, request: FastifyRequest, signal: AbortSignal) => Answer | Promise<Answer>

export function resourceEndpoints(context: EndpointContext): Endpoints {
  const { store } = context
  const get = targeted((target) => (target.type === 'list' ? list(context, target) : one(context, target.ref)))
  const put = single(({ ref }, request, signal) => replace(context, ref, request, signal))
  const remove = single(({ ref, kind }) => removeOne(store, ref, apiVersionOf(kind)))
  const handlers = { GET: get, PUT: put, DELETE: remove }
  return { '/apis/*': handlers, '/api/*': handlers }
}

function targeted(handler: (target: Target, request: FastifyRequest, signal: AbortSignal) => Answer | Promise<Answer>): Handler {
  return (request, signal) => {
    const path = request.url.split('?')[0] ?? ''
    const target = findTarget(path)
    if (target === undefined) return problem(404, `there is no kind of resource at ${path}`)
    const query = readQuery(request.query, {})
    return query.type === 'problems' ? problems(400, query.errors) : handler(target, request, signal)
  }
}

function single(handler: OneHandler): Handler {
  return targeted((target, request, signal) =>
    target.type === 'one' ? handler(target, request, signal) : problem(405, `${request.method} needs the name of one resource`),
  )
}

function findTarget(path: string): Target | undefined {
  const parsed = parseResourcePath(path)
  if (parsed === undefined) return undefined
  const kind = kindOfPlural(parsed.group, parsed.version, parsed.plural)
  if (kind === undefined) return undefined
  const { namespace, name, group } = parsed
  if (namespace !== undefined && !kind.namespaced) return undefined
  if (name === undefined) return { type: 'list', kind, namespace }
  if (kind.namespaced && namespace === undefined) return undefined
  return { type: 'one', kind, ref: { group, kind: kind.kind, namespace: namespace ?? '', name } }
}

function list({ store }: EndpointContext, { kind, namespace }: Extract<Target, { type: 'list' }>): Answer {
  const items = store.list(kind.group, kind.kind, namespace).map(({ resource }) => resource)
  return ok({ apiVersion: apiVersionOf(kind), kind: `${kind.kind}List`, metadata: { resourceVersion: String(store.revision) }, items })
}

function one({ store }: EndpointContext, ref: ResourceRef): Answer {
  const stored = store.get(ref)
  return stored ? ok(stored.resource) : problem(404, `there is no ${title(ref)}`)
}

async function replace(context: EndpointContext, ref: ResourceRef, request: FastifyRequest, signal: AbortSignal): Promise<Answer> {
  const { store } = context
  const read = await readRequest('resources', context, request, signal)
  if (read.type === 'refused') return read.answer
  const resources = read.items.map(({ resource }) => resource)
  const invalid = [...mismatches(ref, resources), ...checkPuts(read.items, store)]
  if (invalid.length > 0) return problems(422, invalid)
  const outcome = await applyResources(store, resources, { dryRun: false, replace: true })
  if (outcome.type !== 'done') return refused(outcome)
  return { status: outcome.results[0]?.result === 'created' ? 201 : 200, body: store.get(ref)?.resource }
}

async function removeOne(store: EndpointContext['store'], ref: ResourceRef, apiVersion: string): Promise<Answer> {
  const kept = checkDeletes([{ ref, apiVersion, document: 0, lineOf: () => undefined }], store)
  if (kept.length > 0) return problems(423, kept)
  const before = store.get(ref)
  if (before === undefined) return problem(404, `there is no ${title(ref)}`)
  const outcome = await deleteResources(store, [{ apiVersion, ref }], { dryRun: false })
  return outcome.type === 'done' ? ok(before.resource) : refused(outcome)
}

function refused({ type, errors }: Exclude<ApplyOutcome, { type: 'done' }>): Answer {
  return problems(type === 'conflict' ? 409 : 422, errors)
}

/** The body has to be the one resource that the URL names. */
function mismatches(ref: ResourceRef, resources: readonly Resource[]): readonly Problem[] {
  const [resource] = resources
  if (resource === undefined || resources.length > 1) return [{ path: '', reason: `must be one resource, there are ${resources.length}` }]
  const pairs: [path: string, given: string, wanted: string][] = [
    ['kind', resource.kind, ref.kind],
    ['metadata.namespace', resource.metadata.namespace ?? '', ref.namespace],
    ['metadata.name', resource.metadata.name, ref.name],
  ]
  return pairs.flatMap(([path, given, wanted]) =>
    given === wanted ? [] : [{ path, value: given, reason: `must be ${wanted}, as the URL says` }],
  )
}
