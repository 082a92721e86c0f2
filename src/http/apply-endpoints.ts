/** `POST /v1/apply` and `POST /v1/delete` (INTERFACE §3, and §4 "Waiting"). */
import type { FastifyRequest } from 'fastify'
import type { PolicyChange } from '../../policy/explain/changed-view.ts'
import { checkDeletes, checkPuts } from '../model/cross-check.ts'
import { type DocumentItem, located } from '../model/documents.ts'
import type { Problem } from '../model/resource.ts'
import { type Answer, ok, problems } from './answer.ts'
import { type ApplyOptions, type ApplyOutcome, applyResources, deleteResources } from './apply.ts'
import { readRequest } from './body.ts'
import { type Endpoint, type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { runPreview } from './flow-effect.ts'
import { about, flag, integer } from './query.ts'
import { waitFor } from './wait.ts'

const parameters = {
  dryRun: about('Check, say what would change, also which flows would be allowed or denied then, and change nothing.', flag),
  wait: about('Answer once the node has programmed the change; so many seconds at most.', integer(1, 300)),
}

export function applyEndpoints(context: EndpointContext): Endpoints {
  return {
    '/v1/apply': { POST: changing(context, 'Create or update resources, all or none', 'resources', apply) },
    '/v1/delete': { POST: changing(context, 'Delete the named resources, all or none', 'names', remove) },
  }
}

/** What was done, or the answer that refuses the request. */
type Changed =
  | (Extract<ApplyOutcome, { type: 'done' }> & { readonly changes: readonly PolicyChange[] })
  | { readonly type: 'refused'; readonly answer: Answer }

type Change = (context: EndpointContext, request: FastifyRequest, options: ApplyOptions, signal: AbortSignal) => Promise<Changed>

const apply: Change = async (context, request, options, signal) => {
  const read = await readRequest('resources', context, request, signal)
  if (read.type === 'refused') return read
  const invalid = checkPuts(read.items, context.store)
  if (invalid.length > 0) return refused(422, invalid)
  const resources = read.items.map(({ resource }) => resource)
  const outcome = await applyResources(context.store, resources, options)
  return placed(outcome, read.items, (i) => resources.slice(i, i + 1).map((resource) => ({ type: 'put', resource })))
}

const remove: Change = async (context, request, options, signal) => {
  const read = await readRequest('names', context, request, signal)
  if (read.type === 'refused') return read
  const kept = checkDeletes(read.items, context.store)
  if (kept.length > 0) return refused(423, kept)
  const outcome = await deleteResources(context.store, read.items, options)
  return placed(outcome, read.items, (i) => read.items.slice(i, i + 1).map(({ ref }) => ({ type: 'delete', ref })))
}

/**
 * What was done, or what the store refused, each problem with its line.
 * @param items in the order of the request
 * @param changeOf what an item asks for, by its place
 */
function placed(
  outcome: ApplyOutcome,
  items: readonly Pick<DocumentItem, 'document' | 'lineOf'>[],
  changeOf: (i: number) => readonly PolicyChange[],
): Changed {
  if (outcome.type === 'done') {
    const changes = outcome.results.flatMap(({ result }, i) => (result === 'unchanged' || result === 'not found' ? [] : changeOf(i)))
    return { ...outcome, changes }
  }
  const place = (problem: Problem) => {
    const item = problem.document === undefined ? undefined : items[problem.document]
    return item === undefined ? problem : located(problem, item)
  }
  return refused(outcome.type === 'conflict' ? 409 : 422, outcome.errors.map(place))
}

function refused(...[status, errors]: Parameters<typeof problems>): Changed {
  return { type: 'refused', answer: problems(status, errors) }
}

function changing(context: EndpointContext, summary: string, body: 'resources' | 'names', change: Change): Endpoint {
  const answers = { 200: { description: 'What was done to each', schema: 'changed' } }
  const refusals = [409, 413, 415, 422, 423, 504] as const
  return endpoint({ summary, query: parameters, body, answers, refusals }, async ({ query, request, signal }) => {
    const { dryRun = false, wait } = query
    const outcome = await change(context, request, { dryRun }, signal)
    if (outcome.type === 'refused') return outcome.answer
    const { revision, results, changes } = outcome
    if (dryRun) return ok({ revision, results, ...(await flowsChanged(context, changes, signal)) })
    if (wait === undefined) return ok({ revision, results })
    return await waitFor(context, { revision, timeoutSec: wait, signal }, { revision, results })
  })
}

/** Which flows would fare otherwise; nothing is said where no policy changes and there was nothing to compare. */
async function flowsChanged({ agent }: EndpointContext, changes: readonly PolicyChange[], signal: AbortSignal) {
  const preview = agent.policy.preview(changes)
  const flows = await runPreview(preview, signal)
  return preview.isAboutPolicies || flows.checked > 0 ? { flows } : {}
}
