/** `GET /v1/config`: the configuration file and what the agent works by, without secrets. */
import Type from 'typebox'
import { ok } from './answer.ts'
import { type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'

const schema = Type.Object({
  pid: Type.Integer(),
  file: Type.Unknown({ description: 'The configuration file as it was at the start, defaults filled in' }),
  effective: Type.Unknown({
    description: 'What the agent works by now: the file, the Node resource, BGPConfiguration, FelixConfiguration',
  }),
})

export function configEndpoints({ agent }: EndpointContext): Endpoints {
  const answers = { 200: { description: 'The configuration; "(hidden)" stands for each secret', schema } }
  const summary = 'The configuration of the agent, without secrets'
  return { '/v1/config': { GET: endpoint({ summary, query: {}, answers }, () => ok({ pid: process.pid, ...agent.config() })) } }
}
