import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { ObjectStatus, Route, TableReport } from '../kernel.ts'
import { unpolicedRoutes } from './unpoliced-routes.ts'

const workload: Route = { destination: '10.244.1.7/32' as Cidr, nextHop: { type: 'unicast', device: 'tort1', scope: 'link' } }
const block: Route = { destination: '10.244.1.0/24' as Cidr, nextHop: { type: 'blackhole' } }
const gateway: Route = { destination: '169.254.1.1/32' as Cidr, nextHop: { type: 'unicast', device: 'lo', scope: 'link' } }
const routes = [block, workload, gateway]

const table: [title: string, state: ObjectStatus['state'], inKernel: boolean, expected: readonly Route[]][] = [
  ['a new workload route waits while policy cannot be programmed', 'failed', false, [workload]],
  ['a workload route that stands already stays', 'failed', true, []],
  ['policy that waits for an interface holds nothing back', 'pending', false, []],
  ['policy that is in place holds nothing back', 'programmed', false, []],
]
for (const [title, state, inKernel, expected] of table) {
  t.test(title, async (t) =>
    t.strictSame(
      unpolicedRoutes(routes, report(state), () => inKernel),
      expected,
    ),
  )
}

function report(state: ObjectStatus['state']): TableReport {
  const status: ObjectStatus = state === 'programmed' ? { state } : { state, reason: 'iptables is not installed' }
  return { changed: 0, repaired: 0, unprogrammed: new Map([['chain filter/tort-FORWARD', status]]) }
}
