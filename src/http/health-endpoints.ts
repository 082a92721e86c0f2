/** `/healthz`, `/readyz`, `/metrics`: for kubelets and Prometheus. */
import { ok, problem } from './answer.ts'
import type { EndpointContext, Endpoints } from './endpoint.ts'
import { buildMetrics } from './metrics.ts'

export function healthEndpoints({ agent, closing }: EndpointContext): Endpoints {
  const metrics = buildMetrics(agent)
  return {
    '/healthz': { GET: () => ok({ status: 'ok' }) },
    '/readyz': {
      GET: () => {
        const { ready, reasons } = closing.aborted ? { ready: false, reasons: ['the agent stops'] } : agent.ready()
        return ready ? ok({ status: 'ready' }) : problem(503, reasons.join('; '), [], { reasons })
      },
    },
    '/metrics': { GET: async () => ok(await metrics()) },
  }
}
