/** `/healthz`, `/readyz`, `/metrics`: for kubelets and Prometheus. */
import { ok, problem } from './answer.ts'
import { type EndpointContext, type Endpoints, endpoint } from './endpoint.ts'
import { buildMetrics } from './metrics.ts'

export function healthEndpoints({ agent, closing }: EndpointContext): Endpoints {
  const metrics = buildMetrics(agent)
  return {
    '/healthz': {
      GET: endpoint({ summary: 'The process answers', answers: { 200: { description: 'It does', schema: 'state' } } }, () =>
        ok({ status: 'ok' }),
      ),
    },
    '/readyz': {
      GET: endpoint(
        { summary: 'The node forwards what it should', answers: { 200: { description: 'It is ready', schema: 'state' } }, refusals: [503] },
        () => {
          const { ready, reasons } = closing.aborted ? { ready: false, reasons: ['the agent stops'] } : agent.ready()
          return ready ? ok({ status: 'ready' }) : problem(503, reasons.join('; '), [], { reasons })
        },
      ),
    },
    '/metrics': {
      GET: endpoint(
        { summary: 'Metrics for Prometheus', answers: { 200: { description: 'Text exposition format 0.0.4', type: 'text/plain' } } },
        async () => ok(await metrics()),
      ),
    },
  }
}
