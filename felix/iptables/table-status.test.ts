import t from 'tap'
import type { Chain, Hook } from '../kernel.ts'
import { TableStatus } from './table-status.ts'
import { WantedChains } from './wanted-chains.ts'
import { StatedHooks } from './wanted-hooks.ts'

const chain = (name: string, owner?: string): Chain => ({
  ...({ family: 4, table: 'filter', name, rules: [{ match: [], action: { type: 'drop' } }] } as const),
  ...(owner !== undefined && { owner }),
})
const hook: Hook = {
  ...({ family: 4, table: 'filter', kernelChain: 'FORWARD', at: 'insert' } as const),
  rule: { match: [], action: { type: 'jump', chain: 'tort-a' } },
}
const change = (...rewritten: readonly string[]) => ({ rewritten, removed: [], flushed: [], hooks: [] })
const pending = { state: 'pending', reason: 'not written yet' } as const

function start() {
  const place = { family: 4, table: 'filter', backend: 'nft' } as const
  const wanted: WantedChains = new WantedChains(place, (name) => status.restated(name))
  const hooks = new StatedHooks()
  const status = new TableStatus(place, wanted, hooks)
  wanted.state([chain('tort-a'), chain('tort-b', 'networkpolicy/x')])
  hooks.state([hook])
  status.restated('FORWARD')
  wanted.hashStated()
  return { status, wanted }
}

t.test('what is stated is pending until it is written, or while what was found may not be changed', async (t) => {
  const { status } = start()
  const all = ['chain filter/tort-a (IPv4)', 'chain filter/tort-b (IPv4)', 'hook filter/FORWARD (IPv4)']
  t.strictSame([...status.unprogrammed(true).keys()].toSorted(), all)
  status.settled('tort-a')
  status.settled('FORWARD')
  t.strictSame(status.unprogrammed(true), new Map([['chain filter/tort-b (IPv4)', pending]]))
  t.strictSame(status.of('tort-b', false), { state: 'pending', reason: 'kept as found until the datastore is read' })
  t.strictSame(status.of('tort-a', true), { state: 'programmed' })
})

t.test('a refusal names its culprit, and is news once', async (t) => {
  const { status } = start()
  for (const name of ['tort-a', 'tort-b', 'FORWARD']) status.settled(name)
  t.equal(status.refused('no such set', change('tort-a', 'tort-b'), 'tort-b'), true)
  t.equal(status.refused('no such set', change('tort-a', 'tort-b'), 'tort-b'), false)
  t.strictSame(
    status.unprogrammed(true),
    new Map([
      ['chain filter/tort-a (IPv4)', { state: 'failed', reason: 'not written, because the same change was refused: no such set' }],
      ['chain filter/tort-b (IPv4)', { state: 'failed', reason: 'no such set', owner: 'networkpolicy/x' }],
    ]),
  )
  t.strictSame([status.succeeded(), status.isRefused, status.succeeded()], [true, false, false])
  t.strictSame(status.unprogrammed(true), new Map())
  status.refused('cannot be read')
  t.equal(status.unprogrammed(true).size, 3, 'where nothing can be read, nothing is known')
})

t.test('what was written already and is written again was changed by somebody else', async (t) => {
  const { status } = start()
  status.settled('tort-a')
  status.settled('FORWARD')
  const hooks = [{ kernelChain: 'FORWARD', removed: [], inserted: [], appended: [] }]
  t.strictSame(status.repairedBy({ ...change('tort-a', 'tort-b'), hooks }), ['chain filter/tort-a (IPv4)', 'hook filter/FORWARD (IPv4)'])
})

t.test('a chain that is closed is not as it is wanted, whatever its hashes', async (t) => {
  const { status, wanted } = start()
  const view = () => {
    const { programmed, status: now } = status.view('tort-b', wanted.hashesOf('tort-b'), true)
    return [programmed, now]
  }
  status.settled('tort-b')
  t.strictSame(view(), [{ rules: 1, asWanted: true }, { state: 'programmed' }])
  wanted.close(new Map([['tort-b', 'no such set']]), 0)
  t.strictSame(view(), [
    { rules: 1, asWanted: false },
    { state: 'failed', reason: 'no such set', closed: true, owner: 'networkpolicy/x' },
  ])
  wanted.open(['tort-b'], 0)
  status.settled('tort-b')
  t.strictSame(view(), [{ rules: 1, asWanted: true }, { state: 'programmed' }])
  t.strictSame(status.view('tort-gone', [], true), {
    name: 'chain filter/tort-gone (IPv4)',
    programmed: { rules: 0, asWanted: false },
    status: { state: 'pending', reason: 'not wanted any more' },
  })
})
