/** What a handler hands back: a status and a body. From 400 on the body is an RFC 9457 problem; a mistake of the client is a value. */
import type { Problem } from '../model/resource.ts'

/** @property body JSON, octets that are JSON already, or a text  @property type what the body is, if it is something else */
export type Answer = { readonly status: number; readonly body: unknown; readonly type?: string }

/** Octets that come as fast as the client reads them. @property type what they are, if they are no JSON */
export type Streamed = { readonly status: 200; readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>; readonly type?: string }

/** RFC 9457 §3.1 members, and `errors` with every mistake at once (INTERFACE §3). */
export type ProblemDetails = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly errors?: readonly Problem[]
}

const titles = {
  400: 'Not parsable',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request not received in time',
  409: 'Version conflict',
  410: 'Too old',
  413: 'Too large',
  415: 'Unsupported media type',
  417: 'Expectation failed',
  421: 'Misdirected',
  422: 'Not valid',
  423: 'Protected',
  431: 'Header too large',
  500: 'Internal error',
  503: 'Not ready',
  504: 'Not programmed in time',
} as const

export type ProblemStatus = keyof typeof titles

export const problemStatuses = Object.keys(titles).map(Number) as readonly ProblemStatus[]

export function isProblemStatus(status: number): status is ProblemStatus {
  return status in titles
}

export function titleOf(status: ProblemStatus): string {
  return titles[status]
}

/** @param more extension members (RFC 9457 §3.2) */
export function problem(status: ProblemStatus, detail: string, errors: readonly Problem[] = [], more: object = {}): Answer {
  const title = titles[status]
  const type = `urn:tortie:problem:${title.toLowerCase().replaceAll(' ', '-')}`
  const details: ProblemDetails = { type, title, status, detail, ...(errors.length > 0 && { errors }) }
  return { status, body: { ...details, ...more } }
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}

/** All mistakes at once; the detail says the first. */
export function problems(status: ProblemStatus, errors: readonly Problem[]): Answer {
  const [first] = errors
  const place = [
    first?.line !== undefined ? `line ${first.line}` : first?.document !== undefined ? `document ${first.document}` : '',
    first?.path ?? '',
  ].filter((part) => part !== '')
  const where = place.length > 0 ? `${place.join(', ')}: ` : ''
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return problem(status, `${where}${first?.reason ?? titles[status]}${more}`, errors)
}
