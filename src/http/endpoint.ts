/** What an endpoint is: a handler from a request to an answer, under a URL and a method. */
import type { FastifyRequest } from 'fastify'
import type { Datastore } from '../datastore/datastore.ts'
import type { AgentFace } from './agent-face.ts'
import type { Answer } from './answer.ts'
import type { BodyReader } from './body-reader.ts'

/** `closing` aborts when the API shuts down. */
export type EndpointContext = {
  readonly store: Datastore
  readonly agent: AgentFace
  readonly reader: BodyReader
  readonly closing: AbortSignal
}

/** @param signal aborts when the client has gone or the API closes */
export type Handler = (request: FastifyRequest, signal: AbortSignal) => Answer | Promise<Answer>

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type Method = (typeof methods)[number]

/** Endpoints by URL and method; every other method of such a URL is 405. A URL that ends in `*` is a whole subtree. */
export type Endpoints = Readonly<Record<string, Readonly<Partial<Record<Method, Handler>>>>>
