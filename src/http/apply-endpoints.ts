/** `POST /v1/apply` and `POST /v1/delete` (INTERFACE §3, and §4 "Waiting"). */
import type { FastifyRequest } from 'fastify'
import { checkDeletes, checkPuts } from '../model/cross-check.ts'
import { type DocumentItem, located } from '../model/documents.ts'
import type { Problem } from '../model/resource.ts'
import { type Answer, ok, problems } from './answer.ts'
import { type ApplyOptions, type ApplyOutcome, applyResources, deleteResources } from './apply.ts'
import { readRequest } from './body.ts'
import type { EndpointContext, Endpoints, Handler } from './endpoint.ts'
import { flag, integer, readQuery } from './query.ts'
import { waitFor } from './wait.ts'

const parameters = { dryRun: flag, wait: integer(1, 300) } // wait in seconds

export function applyEndpoints(context: EndpointContext): Endpoints {
  return {
    '/v1/apply': { POST: changing(context, apply) },
    '/v1/delete': { POST: changing(context, remove) },
  }
}

/** What was done, or the answer that refuses the request. */
type Changed = Extract<ApplyOutcome, { type: 'done' }> | { readonly type: 'refused'; readonly answer: Answer }

type Change = (context: EndpointContext, request: FastifyRequest, options: ApplyOptions, signal: AbortSignal) => Promise<Changed>

const apply: Change = async (context, request, options, signal) => {
  const read = await readRequest('resources', context, request, signal)
  if (read.type === 'refused') return read
  const invalid = checkPuts(read.items, context.store)
  if (invalid.length > 0) return refused(422, invalid)
  const resources = read.items.map(({ resource }) => resource)
  return placed(await applyResources(context.store, resources, options), read.items)
}

const remove: Change = async (context, request, options, signal) => {
  const read = await readRequest('names', context, request, signal)
  if (read.type === 'refused') return read
  const kept = checkDeletes(read.items, context.store)
  if (kept.length > 0) return refused(423, kept)
  return placed(await deleteResources(context.store, read.items, options), read.items)
}

/** What the store refused, each problem with its line. @param items in the order of the request */
function placed(outcome: ApplyOutcome, items: readonly Pick<DocumentItem, 'document' | 'lineOf'>[]): Changed {
  if (outcome.type === 'done') return outcome
  const place = (problem: Problem) => {
    const item = problem.document === undefined ? undefined : items[problem.document]
    return item === undefined ? problem : located(problem, item)
  }
  return refused(outcome.type === 'conflict' ? 409 : 422, outcome.errors.map(place))
}

function refused(...[status, errors]: Parameters<typeof problems>): Changed {
  return { type: 'refused', answer: problems(status, errors) }
}

function changing(context: EndpointContext, change: Change): Handler {
  return async (request, signal) => {
    const query = readQuery(request.query, parameters)
    if (query.type === 'problems') return problems(400, query.errors)
    const { dryRun = false, wait } = query.values
    const outcome = await change(context, request, { dryRun }, signal)
    if (outcome.type === 'refused') return outcome.answer
    const { revision, results } = outcome
    if (wait === undefined || dryRun) return ok({ revision, results })
    return await waitFor(context, { revision, timeoutSec: wait, signal }, { revision, results })
  }
}
