/** Resources under Kubernetes' URLs and in its object shapes. */
import { problem } from './answer.ts'
import { type Description, type EndpointContext, endpoint, type Handler, type Method } from './endpoint.ts'
import { deleteOne, deleteParameters, putOne, putParameters } from './resource-changes.ts'
import { listParameters, oneParameters, readList, readOne } from './resource-reads.ts'
import { findTarget, type ListTarget, type OneTarget } from './resource-target.ts'
import { ChangeEncoder } from './watch.ts'

const streamed = 'with watch=true a stream of events, one JSON object a line'

/** What the URL of a list takes, and that of one resource. */
export const resourceDescriptions = {
  list: {
    GET: {
      summary: 'List or watch',
      query: listParameters,
      answers: { 200: { description: `The list; ${streamed}`, schema: 'list' } },
      refusals: [410],
    },
  },
  one: {
    GET: {
      summary: 'Read or watch one',
      query: oneParameters,
      answers: { 200: { description: `The resource; ${streamed}`, schema: 'resource' } },
      refusals: [404, 410],
    },
    PUT: {
      summary: 'Create or replace; with metadata.resourceVersion only what is at it',
      query: putParameters,
      body: 'resource',
      answers: { 200: { description: 'Replaced, or as it was', schema: 'resource' }, 201: { description: 'Created', schema: 'resource' } },
      refusals: [409, 413, 415, 422],
    },
    DELETE: {
      summary: 'Delete',
      query: deleteParameters,
      body: 'delete-options',
      answers: { 200: { description: 'Deleted: what was there', schema: 'resource' } },
      refusals: [404, 409, 413, 415, 422, 423],
    },
  },
} as const satisfies Readonly<Record<string, Partial<Record<Method, Description>>>>

/** The handlers of `/apis/*` and `/api/*`. */
export function resourceHandlers(context: EndpointContext): Readonly<Partial<Record<Method, Handler>>> {
  const reading = { store: context.store, encoder: new ChangeEncoder() }
  const { list, one } = resourceDescriptions
  const ofList = (target: ListTarget): Handlers => ({
    GET: endpoint(list.GET, ({ query, signal }) => readList(reading, target, query, signal)),
  })
  const ofOne = (target: OneTarget): Handlers => ({
    GET: endpoint(one.GET, ({ query, signal }) => readOne(reading, target, query, signal)),
    PUT: endpoint(one.PUT, ({ query, request, signal }) => putOne(context, target, query, request, signal)),
    DELETE: endpoint(one.DELETE, ({ query, request }) => deleteOne(context, target, query, request)),
  })
  const handler: Handler = (request, signal) => {
    const path = request.url.split('?')[0] ?? ''
    const target = findTarget(path)
    if (target === undefined) return problem(404, `there is no kind of resource at ${path}`)
    const found = target.type === 'one' ? ofOne(target) : ofList(target)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    return found[method]?.handler(request, signal) ?? problem(405, `${request.method} needs the name of one resource`)
  }
  return { GET: handler, PUT: handler, DELETE: handler }
}

type Handlers = Readonly<Record<string, { readonly handler: Handler }>>
