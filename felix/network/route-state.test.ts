import fc from 'fast-check'
import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import { parsePrefix } from '../../src/net/prefix.ts'
import type { NextHop, Route } from '../kernel.ts'
import type { KernelHop, KernelRoute } from './kernel-route.ts'
import { LinkView } from './link-view.ts'
import { RouteState } from './route-state.ts'

const OURS = 116
const OTHERS = 4
const blackhole: NextHop = { type: 'blackhole' }
const device: NextHop = { type: 'unicast', device: 'tort1' }
const PREFIX = '10.1.0.0/24'

type Change = 'added' | 'replaced' | 'removed'

class Fixture {
  readonly links = new LinkView()
  readonly state = new RouteState(this.links, OURS, () => undefined)

  constructor() {
    this.links.replace([{ index: 7, name: 'tort1', up: true, mtu: 1500, ipip: false }])
    this.state.linksChanged()
  }

  learn(nextHop: NextHop | undefined, text: string = PREFIX): void {
    const prefix = parsePrefix(text)
    if (prefix !== undefined) this.state.setLearned(prefix.family, prefix.bytes, 0, prefix.length, nextHop)
  }

  event(change: Change, protocol: number, hop: Partial<KernelHop> = {}): boolean {
    const bytes = Uint8Array.of(10, 1, 0, 0)
    const full: KernelHop = { type: 'blackhole', index: 0, onlink: false, scope: 0, ...hop }
    const route: KernelRoute = { family: 4, bytes, length: 24, table: 254, tos: 0, protocol, metric: 0, hop: full }
    return this.state.observe(route, change)
  }

  isLocal(): boolean {
    return this.state.isLocal(PREFIX as Route['destination'])
  }

  /** Does what is needed as the kernel would; gives what it was. */
  step(): string {
    for (const key of this.state.keys()) {
      if (this.state.destination(key) !== PREFIX) continue
      const step = this.state.step(key)
      if (step.type === 'wait') return step.status.state === 'pending' ? step.status.reason : ''
      if (step.type !== 'none') this.state.made(key, step.type, step.hop)
      return step.type
    }
    return 'none'
  }
}

const route = (nextHop: NextHop): Route => ({ destination: PREFIX as Route['destination'], nextHop })

const table: [title: string, run: (fixture: Fixture) => unknown, expected: unknown][] = [
  ['what is wanted and not there is created', (f) => [f.learn(blackhole), f.step(), f.step()].slice(1), ['create', 'none']],
  ['another next hop replaces ours', (f) => [f.learn(blackhole), f.step(), f.learn(device), f.step()].slice(3), ['replace']],
  [
    'what is let go of is deleted without leave to prune',
    (f) => [f.learn(blackhole), f.step(), f.learn(undefined), f.step()].slice(3),
    ['delete'],
  ],
  ['what was found and is unwanted stays', (f) => [f.event('added', OURS), f.step()], [false, 'none']],
  ['… until pruning is allowed', (f) => [f.event('added', OURS), f.state.allowPrune(), f.step()], [false, undefined, 'delete']],
  ['what was found and is wanted is left as it is', (f) => [f.event('added', OURS), f.learn(blackhole), f.step()].slice(2), ['none']],
  [
    'removed by somebody: drift, created again',
    (f) => [f.learn(blackhole), f.step(), f.event('removed', OURS), f.step()].slice(2),
    [true, 'create'],
  ],
  [
    'replaced by somebody else: drift, replaced in turn',
    (f) => [f.learn(blackhole), f.step(), f.event('replaced', OTHERS), f.step()].slice(2),
    [true, 'replace'],
  ],
  [
    'changed under our own protocol: drift, replaced in turn',
    (f) => [f.learn(blackhole), f.step(), f.event('replaced', OURS, { type: 'unicast', index: 7 }), f.step()].slice(2),
    [true, 'replace'],
  ],
  [
    'somebody else adds his to our slot: ours goes, and then may only be created',
    (f) => [f.learn(blackhole), f.step(), f.event('added', OTHERS), f.step(), f.step()].slice(2),
    [false, 'delete', 'create'],
  ],
  [
    'events of others about what is not ours mean nothing',
    (f) => [f.event('replaced', OTHERS), f.event('removed', OTHERS), f.step()],
    [false, false, 'none'],
  ],
  [
    'the word of what we did ourselves is no drift',
    (f) => [f.learn(blackhole), f.step(), f.event('added', OURS, { index: 1 }), f.step()].slice(2),
    [false, 'none'],
  ],
  [
    'a link that goes takes its routes: they wait for it and come back',
    (f) => {
      const seen = [f.learn(device), f.step()]
      f.links.observe({ link: { index: 7, name: 'tort1', up: true, mtu: 1500, ipip: false }, gone: true })
      f.state.deviceLost(7)
      f.state.linksChanged()
      seen.push(f.step())
      f.links.observe({ link: { index: 9, name: 'tort1', up: false, mtu: 1500, ipip: false }, gone: false })
      f.state.linksChanged()
      seen.push(f.step())
      f.links.observe({ link: { index: 9, name: 'tort1', up: true, mtu: 1500, ipip: false }, gone: false })
      f.state.linksChanged()
      return [...seen.slice(1), f.step()]
    },
    ['create', 'link tort1 does not exist', 'link tort1 is down', 'create'],
  ],
  [
    'local is what leads to a link without a gateway, once it is in the kernel',
    (f) =>
      [undefined, device, { ...device, via: '192.0.2.1' as IpAddress }, blackhole].map((nextHop) => {
        f.learn(nextHop)
        const before = f.isLocal()
        f.step()
        return [before, f.isLocal()]
      }),
    [
      [false, false],
      [false, true],
      [true, false],
      [false, false],
    ],
  ],
]
for (const [title, run, expected] of table) t.test(title, async (t) => t.same(run(new Fixture()), expected))

const prefixes = ['10.1.0.0/24', '10.1.0.0/25', '10.2.0.0/24']
const hops = [blackhole, device, undefined]

t.test('what is wanted in the end does not depend on the order of changes to different prefixes, nor on what was before', async () => {
  const change = fc.record({ stated: fc.boolean(), prefix: fc.constantFrom(...prefixes), hop: fc.constantFrom(...hops) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const [whole, last] = [new Fixture(), new Fixture()]
      const stated = new Map<string, Route>()
      const learned = new Map<string, NextHop | undefined>()
      for (const { stated: isStated, prefix, hop } of changes) {
        if (!isStated) {
          whole.learn(hop, prefix)
          learned.set(prefix, hop)
          continue
        }
        if (hop === undefined) stated.delete(prefix)
        else stated.set(prefix, { ...route(hop), destination: prefix as Route['destination'] })
        whole.state.setStated([...stated.values()])
      }
      for (const [prefix, hop] of [...learned].toReversed()) last.learn(hop, prefix)
      last.state.setStated([...stated.values()].toReversed())
      return wanted(whole) === wanted(last)
    }),
  )
})

function wanted({ state }: Fixture): string {
  const lines = [...state.keys()].map((key) => `${state.destination(key)} ${state.hops.wishTextOf(state.wanted(key))}`)
  return lines
    .filter((line) => !line.endsWith(' '))
    .toSorted()
    .join('\n')
}

t.test('a slot is main table, no tos, and the metric that `ip` gives', async (t) => {
  const { state } = new Fixture()
  const base: KernelRoute = {
    family: 6,
    bytes: new Uint8Array(16),
    length: 0,
    table: 254,
    tos: 0,
    protocol: OURS,
    metric: 1024,
    hop: { type: 'blackhole', index: 0, onlink: false, scope: 0 },
  }
  t.same(
    [base, { ...base, metric: 0 }, { ...base, tos: 4 }, { ...base, table: 255 }].map((route) => state.isOurSlot(route)),
    [true, false, false, false],
  )
})
