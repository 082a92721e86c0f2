import t from 'tap'
import { monitorSettings } from './bgp-monitors.ts'
import { formatConfigProblem, loadConfig } from './config.ts'

const load = (text: string) => loadConfig(text, 'tortie.yaml', {})
const node = { name: 'node-a', version: '1.0' }

t.test('collectors and files, with what is said of each when nothing is', async (t) => {
  const file = 'bgp: {monitors: [{name: noc, address: 192.0.2.9}], mrt: {directory: /var/lib/tortie/mrt}}'
  const { config } = load(file)
  t.strictSame(config && monitorSettings(config.bgp, node), {
    node,
    collectors: [{ name: 'noc', address: '192.0.2.9', port: 11_019, routes: ['received', 'accepted'], statisticsIntervalSec: 60 }],
    mrt: { directory: '/var/lib/tortie/mrt', intervalSec: 3_600, keep: 24 },
  })
})

t.test('without a word nobody is told', async (t) => {
  const { config } = load('{}')
  t.strictSame(config && monitorSettings(config.bgp, node), { node, collectors: [] })
})

const mistakes: [title: string, file: string, mistake: string][] = [
  ['a table that there is none of', 'bgp: {monitors: [{name: a, address: 192.0.2.9, routes: [all]}]}', 'bgp.monitors[0].routes[0]'],
  ['two collectors of one name', 'bgp: {monitors: [{name: a, address: 192.0.2.9}, {name: a, address: 192.0.2.8}]}', 'bgp.monitors[1].name'],
  ['files nowhere in particular', 'bgp: {mrt: {directory: mrt}}', 'bgp.mrt.directory'],
  ['files all the time', 'bgp: {mrt: {directory: /tmp, intervalSec: 0}}', 'bgp.mrt.intervalSec'],
]
for (const [title, file, mistake] of mistakes)
  t.test(`${title}: a mistake`, async (t) =>
    t.match((load(file).problems ?? []).map(formatConfigProblem), [new RegExp(mistake.replaceAll(/[[\].]/g, '\\$&'))]),
  )
