/** docs/grafana/tortie.json asks Prometheus for nothing that /metrics does not have, and shows everything of ours that it has. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { AgentFace } from './agent-face.ts'
import { counters, flowCounters, monitors, peer, ruleTotals, status } from './api-fixture.ts'
import { buildMetrics } from './metrics.ts'

const dashboard = readFileSync(new URL('../../docs/grafana/tortie.json', import.meta.url), 'utf8')
const agent = {
  ready: () => ({ ready: true, reasons: [] }),
  status: () => status,
  peers: () => [peer],
  monitors: () => monitors,
  counters: () => counters,
  ruleTotals: async () => ruleTotals,
  flowLog: { page: () => undefined, recent: () => [], watch: async function* () {}, counters: flowCounters },
}
const exposed = [...(await buildMetrics(agent as Partial<AgentFace> as AgentFace)()).matchAll(/^# TYPE (\S+)/gm)].map(
  ([, name]) => name ?? '',
)
const asked = [...dashboard.matchAll(/\b((?:tortie|process|nodejs)_[a-z0-9_]+)\{/g)].map(([, name]) => name ?? '')

t.test('every metric in it is one of ours, or of the process', async (t) => {
  t.ok(asked.length > 20)
  t.strictSame(
    asked.filter((name) => !exposed.includes(name)),
    [],
  )
})

t.test('every metric of ours is in it', async (t) => {
  t.strictSame(
    exposed.filter((name) => name.startsWith('tortie_') && !asked.includes(name)),
    [],
  )
})

t.test('panels have ids of their own and do not lie on each other', async (t) => {
  const { panels } = JSON.parse(dashboard) as { panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[] }
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  )
  t.equal(new Set(cells).size, cells.length)
})
