/** `/v1/drain`: POST leads traffic away from this node (RFC 8326), DELETE brings it back, GET says how far it is. */

import type { DrainFace } from './agent-face.ts'
import { type Answer, ok, problem, problems } from './answer.ts'
import type { EndpointContext, Endpoints } from './endpoint.ts'
import { integer, readQuery } from './query.ts'

const parameters = { wait: integer(0, 3_600) } // seconds

/** What RFC 4271 §10 suggests for MinRouteAdvertisementIntervalTimer on eBGP: by then a neighbour's neighbours were told. */
const defaultWaitSec = 30

export function drainEndpoints({ agent, closing }: EndpointContext): Endpoints {
  const withDrain = (act: (drain: DrainFace) => Answer | Promise<Answer>) => () =>
    agent.drain === undefined ? problem(422, 'BGP is disabled on this node: there is nothing to drain') : act(agent.drain)
  return {
    '/v1/drain': {
      GET: withDrain((drain) => ok(drain.status)),
      POST: (request, signal) => {
        const query = readQuery(request.query, parameters)
        if (query.type === 'problems') return problems(400, query.errors)
        const { wait = defaultWaitSec } = query.values
        return withDrain(async (drain) => {
          const status = await drain.start(wait, signal)
          return closing.aborted ? problem(503, 'the agent stops before the prefixes are withdrawn') : ok(status)
        })()
      },
      DELETE: withDrain((drain) => ok(drain.undo())),
    },
  }
}
