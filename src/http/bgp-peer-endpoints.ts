/** `POST /v1/bgp/peers/NAME/reset` and `/refresh`: what a person may ask of one session. */
import type { PeerStatus } from '../../bgp/peer.ts'
import { type Answer, ok, problem } from './answer.ts'
import { type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'

type Act = (peer: PeerStatus) => Answer

export function bgpPeerEndpoints({ agent }: EndpointContext): Endpoints {
  const post = (summary: string, description: string, act: Act) =>
    endpoint(
      { summary, query: {}, answers: { 200: { description, schema: 'bgp-peer-asked' } }, refusals: [404, 409] },
      ({ params: { name = '' } }) => {
        const peer = agent.peer(name)
        return peer === undefined ? problem(404, `there is no BGP peer ${name}`) : act(peer)
      },
    )
  const reset: Act = ({ name, state, shutdown }) => {
    if (shutdown !== undefined) return notNow(`BGP peer ${name} is shut down by its configuration`)
    return agent.resetPeer(name) ? ok({ peer: name, state }) : problem(404, `there is no BGP peer ${name}`)
  }
  const refresh: Act = ({ name, state }) => {
    if (agent.refreshPeer(name)) return ok({ peer: name, state })
    if (state !== 'Established') return notNow(`BGP peer ${name} has no session: it is ${state}`)
    return notNow(`BGP peer ${name} did not announce route refresh (RFC 2918): a reset makes it tell all its routes again`)
  }
  return {
    '/v1/bgp/peers/:name/reset': {
      POST: post('End the session of a peer, Cease/Administrative Reset (RFC 4486), and begin it anew', 'It is ended', reset),
    },
    '/v1/bgp/peers/:name/refresh': {
      POST: post('Ask a peer for all its routes again (RFC 2918)', 'It is asked', refresh),
    },
  }
}

/** A conflict with the state of a session, not with a version: it has a name of its own. */
function notNow(detail: string): Answer {
  return problem(409, detail, [], { type: 'urn:tortie:problem:not-possible-now', title: 'Not possible now' })
}
