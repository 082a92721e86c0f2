/** `GET /v1/status`, at once or once a revision is programmed. */
import { ok } from './answer.ts'
import { type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { about, integer } from './query.ts'
import { waitFor } from './wait.ts'

const parameters = {
  waitRevision: about('Answer once this revision is programmed.', integer(0, Number.MAX_SAFE_INTEGER)),
  timeout: about('Seconds to wait at most. Default 30.', integer(1, 300)),
}
const defaultTimeoutSec = 30

export function statusEndpoints(context: EndpointContext): Endpoints {
  const { agent } = context
  return {
    '/v1/status': {
      GET: endpoint(
        {
          summary: 'What the node is and does, and what is wrong with it',
          query: parameters,
          answers: { 200: { description: 'The status', schema: 'status' } },
          refusals: [504],
        },
        async ({ query: { waitRevision: revision, timeout: timeoutSec = defaultTimeoutSec }, signal }) => {
          if (revision === undefined) return ok(agent.status())
          return await waitFor(context, { revision, timeoutSec, signal }, () => agent.status())
        },
      ),
    },
  }
}
