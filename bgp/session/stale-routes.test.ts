import t from 'tap'
import { terms } from '../fsm/fixture.ts'
import type { AddressFamily } from '../wire/message.ts'
import { StaleRoutes } from './stale-routes.ts'

const restart = (restartTimeSec: number) => ({
  ...terms,
  gracefulRestart: {
    restarting: true,
    notification: false,
    restartTimeSec,
    families: [{ family: 'ipv4-unicast', forwardingPreserved: true }] as const,
  },
})

function staleRoutes() {
  const done: string[] = []
  const swept = Promise.withResolvers<void>()
  const rib = {
    sessionDown: (peer: number, keep: readonly AddressFamily[]) => void done.push(`down ${peer} keep ${keep.join()}`),
    sweepStale: (peer: number, family: AddressFamily) => {
      done.push(`sweep ${peer} ${family}`)
      swept.resolve()
    },
    markStale: (peer: number, family: AddressFamily) => void done.push(`stale ${peer} ${family}`),
    makeLongLived: (peer: number, family: AddressFamily) => void done.push(`long-lived ${peer} ${family}`),
  }
  return { routes: new StaleRoutes(rib, 7, () => void done.push('decide')), done, swept: swept.promise }
}

t.test('RFC 4724 §4.2 lost, back, End-of-RIB: the RIB is told, and each time decided on', async (t) => {
  const { routes, done } = staleRoutes()
  routes.established(restart(60))
  t.strictSame(done, [], 'a first session has nothing stale')
  routes.lost(true)
  routes.established(restart(60))
  routes.endOfRib('ipv4-unicast')
  t.strictSame(done, ['down 7 keep ipv4-unicast', 'decide', 'sweep 7 ipv4-unicast', 'decide'])
  routes.stop()
})

t.test('RFC 4724 §4.2 the peer does not come back: the restart time sweeps', async (t) => {
  const { routes, done, swept } = staleRoutes()
  routes.established(restart(1))
  routes.lost(true)
  await swept
  t.strictSame(done.slice(0, 3), ['down 7 keep ipv4-unicast', 'decide', 'sweep 7 ipv4-unicast'])
})

t.test('a peer that was told to go keeps nothing', async (t) => {
  const { routes, done } = staleRoutes()
  routes.established(restart(60))
  routes.lost(false)
  t.strictSame(done, ['down 7 keep ', 'decide'])
})

t.test('RFC 9494 §4.2 restart time 0: long-lived from the start, and shown so; then the stale time sweeps', async (t) => {
  const { routes, done, swept } = staleRoutes()
  const longLived = [{ family: 'ipv4-unicast', forwardingPreserved: true, staleSec: 1 }] as const
  routes.established({ ...restart(0), longLived })
  t.strictSame([routes.helping, routes.families], [false, []])
  routes.lost(true)
  t.match([routes.helping, routes.families], [true, [{ family: 'ipv4-unicast', state: 'long-lived', leftSec: Number }]])
  await swept
  t.strictSame(
    done,
    ['down 7 keep ipv4-unicast', 'long-lived 7 ipv4-unicast', 'decide', 'sweep 7 ipv4-unicast', 'decide'].slice(0, done.length),
  )
  t.equal(routes.helping, false)
})

t.test('RFC 4724 §4.2 what is stale is shown with the time it has left', async (t) => {
  const { routes } = staleRoutes()
  routes.established(restart(60))
  routes.lost(true)
  const [before] = routes.families
  t.ok(before !== undefined && before.leftSec > 50 && before.leftSec <= 60)
  routes.established(restart(60))
  const [after] = routes.families
  t.ok(after !== undefined && after.leftSec > 300 && after.leftSec <= 360)
  t.strictSame([before?.state, after?.state], ['awaited', 'returned'])
  routes.stop()
})

t.test('RFC 7313 §4.2 BoRR and EoRR: stale in between, and shown so; alone they do nothing', async (t) => {
  const { routes, done } = staleRoutes()
  routes.beginOfRefresh('ipv4-unicast')
  routes.established({ ...terms, enhancedRouteRefresh: true })
  routes.endOfRefresh('ipv4-unicast')
  t.strictSame(done, [])
  routes.beginOfRefresh('ipv4-unicast')
  t.strictSame([routes.helping, routes.families], [false, [{ family: 'ipv4-unicast', state: 'refreshing', leftSec: 360 }]])
  routes.endOfRefresh('ipv4-unicast')
  t.strictSame([done, routes.families], [['stale 7 ipv4-unicast', 'decide', 'sweep 7 ipv4-unicast', 'decide'], []])
})
