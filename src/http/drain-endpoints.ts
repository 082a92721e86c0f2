/** `/v1/drain`: POST leads traffic away from this node (RFC 8326), DELETE brings it back, GET says how far it is. */

import type { DrainFace } from './agent-face.ts'
import { type Answer, ok, problem } from './answer.ts'
import { type Call, type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { about, integer } from './query.ts'

const parameters = { wait: about('Seconds between announcing the drain and withdrawing the prefixes. Default 30.', integer(0, 3_600)) }

/** What RFC 4271 §10 suggests for MinRouteAdvertisementIntervalTimer on eBGP: by then a neighbour's neighbours were told. */
const defaultWaitSec = 30

export function drainEndpoints({ agent, closing }: EndpointContext): Endpoints {
  const withDrain = (act: (drain: DrainFace) => Answer | Promise<Answer>) => () =>
    agent.drain === undefined ? problem(422, 'BGP is disabled on this node: there is nothing to drain') : act(agent.drain)
  const start = ({ query: { wait = defaultWaitSec }, signal }: Call<typeof parameters>) =>
    withDrain(async (drain) => {
      const status = await drain.start(wait, signal)
      return closing.aborted ? problem(503, 'the agent stops before the prefixes are withdrawn') : ok(status)
    })()
  const answers = { 200: { description: 'How far it is', schema: 'drain' } }
  const common = { query: {}, answers, refusals: [422] } as const
  return {
    '/v1/drain': {
      GET: endpoint(
        { ...common, summary: 'Whether traffic is led away from this node' },
        withDrain((drain) => ok(drain.status)),
      ),
      POST: endpoint({ ...common, summary: 'Lead traffic away from this node (RFC 8326)', query: parameters }, start),
      DELETE: endpoint(
        { ...common, summary: 'Bring traffic back' },
        withDrain((drain) => ok(drain.undo())),
      ),
    },
  }
}
