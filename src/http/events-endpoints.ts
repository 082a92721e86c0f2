/** `GET /v1/events`: the last lines of the agent's log, oldest first. */
import { ok, problems } from './answer.ts'
import type { EndpointContext, Endpoints } from './endpoint.ts'
import { integer, readQuery } from './query.ts'

const parameters = { limit: integer(1, 1_000) }
const defaultLimit = 1_000

export function eventsEndpoints({ agent }: EndpointContext): Endpoints {
  return {
    '/v1/events': {
      GET: ({ query }) => {
        const read = readQuery(query, parameters)
        if (read.type === 'problems') return problems(400, read.errors)
        return ok({ events: agent.events(read.values.limit ?? defaultLimit) })
      },
    },
  }
}
