/** `GET /v1/events`: the last lines of the agent's log, oldest first. */
import { ok } from './answer.ts'
import { type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { about, integer } from './query.ts'

const parameters = { limit: about('So many of the newest at most. Default 1000.', integer(1, 1_000)) }
const defaultLimit = 1_000

export function eventsEndpoints({ agent }: EndpointContext): Endpoints {
  const summary = "The last lines of the agent's log, oldest first"
  const answers = { 200: { description: 'The lines', schema: 'events' } }
  return {
    '/v1/events': {
      GET: endpoint({ summary, query: parameters, answers }, ({ query: { limit = defaultLimit } }) => ok({ events: agent.events(limit) })),
    },
  }
}
