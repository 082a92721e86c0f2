/** `GET /v1/status`, at once or once a revision is programmed. */
import { ok, problems } from './answer.ts'
import type { EndpointContext, Endpoints } from './endpoint.ts'
import { integer, readQuery } from './query.ts'
import { waitFor } from './wait.ts'

const parameters = { waitRevision: integer(0, Number.MAX_SAFE_INTEGER), timeout: integer(1, 300) } // timeout in seconds
const defaultTimeoutSec = 30

export function statusEndpoints(context: EndpointContext): Endpoints {
  const { agent } = context
  return {
    '/v1/status': {
      GET: async (request, signal) => {
        const query = readQuery(request.query, parameters)
        if (query.type === 'problems') return problems(400, query.errors)
        const { waitRevision: revision, timeout: timeoutSec = defaultTimeoutSec } = query.values
        if (revision === undefined) return ok(agent.status())
        return await waitFor(context, { revision, timeoutSec, signal }, () => agent.status())
      },
    },
  }
}
