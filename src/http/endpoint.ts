/** What an endpoint is: what it takes and answers, as data, and the handler that does it, under a URL and a method. */
import type { FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import type { Datastore } from '../datastore/datastore.ts'
import type { AgentFace } from './agent-face.ts'
import { type Answer, type ProblemStatus, problems, type Streamed } from './answer.ts'
import type { BodyReader } from './body-reader.ts'
import { type Parameters, type QueryValues, readQuery } from './query.ts'

/** `closing` aborts when the API shuts down. */
export type EndpointContext = {
  readonly store: Datastore
  readonly agent: AgentFace
  readonly reader: BodyReader
  readonly closing: AbortSignal
}

/** @param signal aborts when the client has gone or the API closes */
export type Handler = (request: FastifyRequest, signal: AbortSignal) => Answer | Streamed | Promise<Answer | Streamed>

/**
 * What the OpenAPI document says of an endpoint; `query` is also what its handler is given.
 * @property query absent: whatever a client gives is ignored
 * @property body what a request carries: resources, or what names them, in any number and form; one resource; or how to delete
 * @property answers by status, with its schema or that one's name: what is answered when nothing is wrong
 * @property refusals statuses of the problems it may answer, beside those every endpoint may
 */
export type Description<P extends Parameters = Parameters> = {
  readonly summary: string
  readonly query?: P
  readonly body?: 'resources' | 'names' | 'resource' | 'delete-options'
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: TSchema | string; readonly type?: string }>>
  readonly refusals?: readonly ProblemStatus[]
}

export type Endpoint = Description & { readonly handler: Handler }

/** One request. @property params the named parts of the URL */
export type Call<P extends Parameters> = {
  readonly query: QueryValues<P>
  readonly params: Readonly<Record<string, string>>
  readonly request: FastifyRequest
  readonly signal: AbortSignal
}

/** An endpoint whose handler is given its query read and checked. */
export function endpoint<const P extends Parameters>(
  description: Description<P>,
  handle: (call: Call<P>) => ReturnType<Handler>,
): Endpoint {
  const handler: Handler = (request, signal) => {
    const read = description.query && readQuery(request.query, description.query)
    if (read?.type === 'problems') return problems(400, read.errors)
    return handle({ query: read?.values ?? {}, params: request.params as Call<P>['params'], request, signal })
  }
  return { ...description, handler }
}

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type Method = (typeof methods)[number]

/** Endpoints by URL and method; every other method of such a URL is 405. A URL that ends in `*` is a whole subtree. */
export type Endpoints = Readonly<Record<string, Readonly<Partial<Record<Method, Endpoint>>>>>
