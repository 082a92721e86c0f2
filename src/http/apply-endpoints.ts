/** `POST /v1/apply` and `POST /v1/delete` (INTERFACE §3, and §4 "Waiting"). */
import type { FastifyRequest } from 'fastify'
import { type Answer, ok, problems } from './answer.ts'
import { type ApplyOptions, type ApplyOutcome, applyResources, deleteResources } from './apply.ts'
import { readNamed, readResources } from './body.ts'
import type { EndpointContext, Endpoints, Handler } from './endpoint.ts'
import { protectedResources } from './protected.ts'
import { flag, integer, readQuery } from './query.ts'
import { waitFor } from './wait.ts'

const parameters = { dryRun: flag, wait: integer(1, 300) } // wait in seconds

export function applyEndpoints(context: EndpointContext): Endpoints {
  return {
    '/v1/apply': { POST: changing(context, (request, options) => apply(context, request, options)) },
    '/v1/delete': { POST: changing(context, (request, options) => remove(context, request, options)) },
  }
}

/** What was done, or the answer that refuses the request. */
type Changed = Extract<ApplyOutcome, { type: 'done' }> | { readonly type: 'refused'; readonly answer: Answer }

async function apply({ store, agent }: EndpointContext, request: FastifyRequest, options: ApplyOptions): Promise<Changed> {
  const read = readResources(request, agent.checkContext())
  if (read.type === 'refused') return read
  const outcome = await applyResources(store, read.items, options)
  return outcome.type === 'done' ? outcome : refused(outcome.type === 'conflict' ? 409 : 422, outcome.errors.map(read.locate))
}

async function remove({ store }: EndpointContext, request: FastifyRequest, options: ApplyOptions): Promise<Changed> {
  const read = readNamed(request)
  if (read.type === 'refused') return read
  const kept = protectedResources(read.items.map(({ ref }) => ref))
  if (kept.length > 0) return refused(423, kept.map(read.locate))
  const outcome = await deleteResources(store, read.items, options)
  return outcome.type === 'done' ? outcome : refused(outcome.type === 'conflict' ? 409 : 422, outcome.errors.map(read.locate))
}

function refused(...[status, errors]: Parameters<typeof problems>): Changed {
  return { type: 'refused', answer: problems(status, errors) }
}

function changing(context: EndpointContext, change: (request: FastifyRequest, options: ApplyOptions) => Promise<Changed>): Handler {
  return async (request, signal) => {
    const query = readQuery(request.query, parameters)
    if (query.type === 'problems') return problems(400, query.errors)
    const { dryRun = false, wait } = query.values
    const outcome = await change(request, { dryRun })
    if (outcome.type === 'refused') return outcome.answer
    const { revision, results } = outcome
    if (wait === undefined || dryRun) return ok({ revision, results })
    return await waitFor(context, { revision, timeoutSec: wait, signal }, { revision, results })
  }
}
