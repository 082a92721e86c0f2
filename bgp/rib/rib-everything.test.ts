/** Random histories of everything together: what is left depends on how things are, not on how they came to be. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { asn } from '../../src/net/asn.ts'
import type { DrainState, PeerConfig, SpeakerPolicy } from '../peer.ts'
import { accept, matching, reject } from '../policy/fixture.ts'
import type { FilterRule, RouteFilter } from '../speaker-policy.ts'
import type { AddressFamily } from '../wire/message.ts'
import { address, families, octets, path, peerConfig, type Sent, sessionTerms } from './fixture.ts'
import { type EndState, familyOf, Speaker, type World } from './rib-everything.fixture.ts'
import type { SessionTerms } from './session-terms.ts'

/** For longer runs: how many times more. */
const effort = Number(process.env.RIB_MODEL_EFFORT ?? 1)

const prefixes = '0.0.0.0/0 10.1.0.0/16 10.1.1.0/24 10.7.0.0/16 10.7.0.8/32 192.0.2.7/32 fd01::/16 fd01::/64'.split(' ')
const count = 4

/** What a peer is: a change of it is another peer, or another session. */
type Being = { readonly config: PeerConfig; readonly terms: SessionTerms }
type Knobs = Partial<Omit<PeerConfig, 'asNumber' | 'name'>>

type Step =
  | { type: 'announce'; peer: number; prefixes: readonly string[]; pathId: number; via: number; sent: Sent; behind: boolean }
  | { type: 'withdraw'; peer: number; prefixes: readonly string[]; pathId: number }
  | { type: 'up' | 'replace'; peer: number; being: Being }
  | { type: 'down'; peer: number; keep: readonly AddressFamily[] }
  | { type: 'mark' | 'sweep' | 'longLived' | 'refresh'; peer: number; family: AddressFamily }
  | { type: 'configure'; peer: number; knobs: Knobs }
  | { type: 'originate'; prefixes: readonly string[] }
  | { type: 'policy'; policy: SpeakerPolicy }
  | { type: 'drain'; state: DrainState }
  | { type: 'world'; world: World }
  | { type: 'hold' | 'flush' | 'finish' }
  | { type: 'release'; family: AddressFamily }
  | { type: 'read'; peer: number; times: number; maxBytes: number }

const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as unknown as fc.Arbitrary<T>
const anyPeer = fc.nat(count - 1)
const anyFamily = fc.constantFrom<AddressFamily>(...families)
const anyFlag = fc.constantFrom(undefined, true, false)
const somePrefixes = fc.subarray(prefixes, { minLength: 1, maxLength: 3 })
const otc = (asNumber: number) => ({ flags: 0xc0, type: 35, data: Uint8Array.of(0, 0, asNumber >>> 8, asNumber & 255) })
const communities = [0xffff_0000, 0xffff_0006, 0xffff_0007, 0xffff_029a, 0xffff_ff01, 0xffff_ff02, 0xffff_ff03, 0x0001_0002]

const anySent: fc.Arbitrary<Sent> = fc
  .record({
    tail: fc.constantFrom('', '', '7', '7 8', '65102', '65000', '64999 7'),
    first: fc.constantFrom(true, true, true, false),
    set: fc.constantFrom(false, false, false, true),
    origin: fc.constantFrom(0 as const, 0 as const, 2 as const),
    med: fc.constantFrom(undefined, 0, 10),
    localPref: fc.constantFrom(undefined, 100, 200),
    originatorId: fc.constantFrom(undefined, undefined, 1, 7, 0x0a00_0001),
    clusterList: fc.constantFrom(undefined, undefined, [5], [6, 7]),
    community: fc.constantFrom(undefined, undefined, undefined, ...communities),
    otc: fc.constantFrom(undefined, undefined, undefined, 65101, 7),
  })
  .map(({ tail, first, set, community, otc: leak, ...rest }) => {
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
    return {
      ...given,
      asPath: [
        ...path(`${first ? 'P ' : '9 '}${tail}`.trim().replace('P', '1')),
        ...(set ? [{ type: 'set' as const, asNumbers: [1, 2] }] : []),
      ],
      ...(community === undefined ? {} : { communities: [community] }),
      ...(leak === undefined ? {} : { unknown: [otc(leak)] }),
    }
  })

const anyKnobs: fc.Arbitrary<Knobs> = fc
  .record({
    import: fc.constantFrom('all', 'all', 'all', 'none'),
    export: fc.constantFrom('all', 'all', 'all', 'local', 'none'),
    importFilters: fc.constantFrom(undefined, ['a'], ['a'], ['b', 'a'], ['c']),
    exportFilters: fc.constantFrom(undefined, ['a'], ['a'], ['b', 'a'], ['c']),
    routeReflectorClient: fc.boolean(),
    allowLocalAs: fc.constantFrom(undefined, undefined, 1),
    enforceFirstAs: fc.constantFrom(undefined, undefined, false),
    allowAsSet: anyFlag,
    removePrivateAs: anyFlag,
    replaceAs: anyFlag,
    nextHop: fc.constantFrom(undefined, undefined, 'self', 'keep'),
    acceptBlackhole: anyFlag,
    maxPrefixes: fc.constantFrom(0, 0, 0, 4),
  })
  .map((knobs) => Object.fromEntries(Object.entries(knobs).filter(([, value]) => value !== undefined)) as Knobs)

const anyBeing: fc.Arbitrary<Omit<Being, 'config'> & { readonly over: object; readonly asNumber: number }> = fc
  .record({
    asNumber: fc.constantFrom(65000, 65101, 65102),
    localAs: fc.constantFrom(undefined, undefined, undefined, 64999),
    role: fc.constantFrom(undefined, undefined, 'provider', 'customer', 'peer', 'rs-server', 'rs-client'),
    knobs: anyKnobs,
    families: fc.constantFrom(families, families, families, families.slice(0, 1)),
    fourOctetAs: fc.constantFrom(true, true, false),
    extendedNextHop: fc.constantFrom(false, false, true),
    receive: fc.boolean(),
    send: fc.constantFrom(0, 0, 2, 8),
    longLived: fc.boolean(),
    enhancedRouteRefresh: fc.boolean(),
    remoteRouterId: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ asNumber, localAs, role, knobs, receive, send, extendedNextHop, ...terms }) => ({
    asNumber,
    over: {
      ...knobs,
      ...(localAs === undefined || asNumber === 65000 ? {} : { localAs: asn(localAs) }),
      ...(role === undefined ? {} : { role: { local: role, strict: false } }),
      addPath: { receive, send },
    },
    terms: sessionTerms({
      ...terms,
      extendedNextHop,
      ...(extendedNextHop ? { localAddress: address('fd00::1') } : {}),
      ...(receive ? { addPathReceive: families } : {}),
      ...(send > 0 ? { addPathSend: families } : {}),
    }),
  }))

const beingOf = fc.tuple(anyPeer, anyBeing).map(([peer, { asNumber, over, terms }]) => ({
  peer,
  being: { terms, config: peerConfig(`p${peer}`, { ...over, asNumber, address: address(`10.0.0.1${peer}`) }) },
}))

const anyRule: fc.Arbitrary<FilterRule> = fc
  .tuple(
    fc.constantFrom<Partial<FilterRule>>(
      {},
      { community: 0x0001_0002 },
      { peerType: 'iBGP' },
      { interface: 'eth1' },
      { interface: 'eth1' },
      { interface: 'eth0' },
      { interface: 'eth*' },
      { learned: true },
      { asPathPrefix: [1, 7] },
      { priority: 2147483647 - 200 },
      matching('in 10.0.0.0/8'),
      matching('not-equal 10.1.0.0/16'),
    ),
    fc.constantFrom<Partial<FilterRule>>(
      accept,
      reject,
      reject,
      { ...accept, operations: [{ type: 'add-community', community: 0x0003_0004 }] },
      { ...accept, operations: [{ type: 'add-community', community: [1, 2, 3] }] },
      { ...accept, operations: [{ type: 'prepend-as-path', asNumbers: [4, 4] }] },
      { ...accept, operations: [{ type: 'set-priority', priority: 2147483647 - 300 }] },
    ),
  )
  .map(([match, action]) => ({ ...match, ...action }) as FilterRule)

function anyFilter(name: string): fc.Arbitrary<RouteFilter> {
  const isIpv6 = ({ prefix }: FilterRule) => prefix === undefined
  const lists = fc.array(anyRule, { maxLength: 3 }).map((rules) => ({ 'ipv4-unicast': rules, 'ipv6-unicast': rules.filter(isIpv6) }))
  return fc.tuple(lists, lists).map(([into, out]) => ({ name, import: into, export: out }))
}

const cidr = (text: string) => matching(`in ${text}`).prefix.cidr
const anyPolicy: fc.Arbitrary<SpeakerPolicy> = record<SpeakerPolicy>({
  filters: fc.tuple(anyFilter('a'), anyFilter('b')).chain((both) => fc.constantFrom(both, both, both, both.slice(0, 1), [])),
  notExported: fc.constantFrom([], [], [cidr('10.1.0.0/16')]),
  advertisements: fc.constantFrom([], [], [{ cidr: cidr('10.0.0.0/8'), communities: [0x0005_0006] }]),
  multipath: record({ ebgp: fc.constantFrom(1, 2, 16), ibgp: fc.constantFrom(1, 3), relaxAsPath: fc.boolean() }),
  resolveViaDefault: fc.boolean(),
})

const anyWorld: fc.Arbitrary<World> = record<World>({
  metrics: fc.tuple(fc.constant(0), ...[1, 2, 3].map(() => fc.constantFrom(undefined, 0, 0, 10))),
  links: fc.tuple(fc.constant('lo'), ...[1, 2, 3].map(() => fc.constantFrom('eth0', 'eth1'))),
  connected: fc.boolean(),
})

const step = <T extends Step>(weight: number, type: T['type'], rest: object) => ({
  weight,
  arbitrary: fc.record({ type: fc.constant(type), ...rest }) as unknown as fc.Arbitrary<Step>,
})
const anyId = fc.integer({ min: 1, max: 3 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  step(14, 'announce', {
    peer: anyPeer,
    prefixes: somePrefixes,
    pathId: anyId,
    via: fc.constantFrom(1, 1, 2, 3),
    sent: anySent,
    behind: fc.constantFrom(false, false, true),
  }),
  step(5, 'withdraw', { peer: anyPeer, prefixes: somePrefixes, pathId: anyId }),
  { weight: 3, arbitrary: beingOf.map((one) => ({ type: 'up' as const, ...one })) },
  { weight: 1, arbitrary: beingOf.map((one) => ({ type: 'replace' as const, ...one })) },
  step(2, 'down', { peer: anyPeer, keep: fc.subarray([...families]) }),
  step(1, 'mark', { peer: anyPeer, family: anyFamily }),
  step(1, 'sweep', { peer: anyPeer, family: anyFamily }),
  step(2, 'longLived', { peer: anyPeer, family: anyFamily }),
  step(1, 'refresh', { peer: anyPeer, family: anyFamily }),
  step(3, 'configure', { peer: anyPeer, knobs: anyKnobs }),
  step(1, 'originate', { prefixes: fc.subarray(prefixes) }),
  step(2, 'policy', { policy: anyPolicy }),
  step(1, 'drain', { state: fc.constantFrom('none', 'announced', 'withdrawn') }),
  step(2, 'world', { world: anyWorld }),
  step(1, 'hold', {}),
  step(2, 'release', { family: anyFamily }),
  step(6, 'flush', {}),
  step(3, 'finish', {}),
  step(6, 'read', { peer: anyPeer, times: fc.integer({ min: 1, max: 3 }), maxBytes: fc.constantFrom(1, 100, 65535) }),
)

/** The first AS 1 stands for the peer's own; from inside it is left out. */
function spoken(
  { sent, via, behind }: Extract<Step, { type: 'announce' }>,
  { config, internal, terms }: EndState,
  family: AddressFamily,
): Sent {
  const { localPref, originatorId, clusterList, asPath = [], ...rest } = sent
  const own = asPath.map(({ type, asNumbers }) => ({
    type,
    asNumbers:
      type === 'set'
        ? asNumbers
        : asNumbers.map((asNumber) => (asNumber === 1 ? (config.asNumber as number) : asNumber)).slice(internal ? 1 : 0),
  }))
  const ipv6 = family === 'ipv6-unicast' || (terms.extendedNextHop === true && via === 2)
  const inside = {
    localPref: localPref ?? 100,
    ...(originatorId === undefined ? {} : { originatorId }),
    ...(clusterList === undefined ? {} : { clusterList }),
  }
  return {
    ...rest,
    asPath: own.filter(({ asNumbers }) => asNumbers.length > 0),
    nextHop: octets(ipv6 ? `fd00:9::${via}` : behind ? '10.7.0.8' : `10.9.0.${via}`),
    ...(internal ? inside : {}),
  }
}

function keysOf(state: EndState, list: readonly string[], pathId: number, family: AddressFamily): string[] {
  const ids = state.terms.addPathReceive !== undefined
  return list.filter((text) => familyOf(text) === family).map((text) => (ids ? `${pathId}>${text}` : text))
}

function take(speaker: Speaker, step: Step) {
  const { rib } = speaker
  switch (step.type) {
    case 'announce':
    case 'withdraw':
      for (const family of families) {
        const state = speaker.stateOf(step.peer)
        const keys = keysOf(state, step.prefixes, step.pathId, family)
        if (step.type === 'withdraw') speaker.withdraw(step.peer, keys)
        else speaker.announce(step.peer, keys, spoken(step, state, family))
      }
      return
    case 'up':
      return up(speaker, step.peer, step.being)
    case 'replace':
      speaker.remove(step.peer)
      speaker.add(step.peer, step.being.config, step.being.terms)
      return speaker.up(step.peer)
    case 'down':
      return speaker.down(step.peer, step.keep)
    case 'mark':
      return speaker.stateOf(step.peer).up ? speaker.mark(step.peer, step.family) : undefined
    case 'sweep':
      return speaker.sweep(step.peer, step.family)
    case 'longLived':
      return speaker.stateOf(step.peer).up ? undefined : speaker.makeLongLived(step.peer, step.family)
    case 'refresh':
      return rib.refresh(speaker.id(step.peer), step.family)
    case 'configure':
      return configure(speaker, step.peer, step.knobs)
    case 'originate':
      return speaker.setLocal(step.prefixes)
    case 'policy':
      return speaker.setPolicy(step.policy)
    case 'drain':
      return speaker.drain(step.state)
    case 'world':
      return speaker.setWorld(step.world)
    case 'hold':
      return rib.holdDecisions()
    case 'release':
      return rib.releaseDecisions(step.family)
    case 'finish':
      return speaker.finish()
    case 'flush':
      rib.flush(0)
      return
    case 'read':
      for (let i = 0; i < step.times; i++) speaker.readers[step.peer]?.read(step.maxBytes)
  }
}

/** With other terms and settings, if nothing is kept of what was. */
function up(speaker: Speaker, n: number, { config, terms }: Being): void {
  const state = speaker.stateOf(n)
  if (state.up) return
  if (state.said.size === 0) {
    state.terms = terms
    speaker.configure(n, config)
  }
  speaker.up(n)
}

/** What is refused before it is kept is said again by who is there. */
function configure(speaker: Speaker, n: number, knobs: Knobs): void {
  const state = speaker.stateOf(n)
  const { name, address, port, passive, families, holdTimeSec, asNumber, localAs, role, addPath } = state.config
  const reset = {
    name,
    address,
    port,
    passive,
    families,
    holdTimeSec,
    asNumber,
    ...(localAs && { localAs }),
    ...(role && { role }),
    ...(addPath && { addPath }),
  }
  const config = peerConfig(name, { ...reset, ...knobs })
  if (!state.up && state.said.size > 0) return
  speaker.configure(n, config)
  speaker.sayAgain(n)
}

const start = fc.tuple(...Array.from({ length: count }, () => anyBeing))

t.test('what the RIB is, and what peers know, depends on how things are and not on how they came to be', async () => {
  const world: World = { metrics: [0, 0, 0, 10], links: ['lo', 'eth0', 'eth1', 'eth0'], connected: true }
  fc.assert(
    fc.property(start, anyPolicy, fc.array(anyStep, { maxLength: 60, size: 'max' }), (beings, policy, steps) => {
      const speaker = new Speaker(world)
      speaker.setPolicy(policy)
      for (const [n, { asNumber, over, terms }] of beings.entries()) {
        speaker.add(n, peerConfig(`p${n}`, { ...over, asNumber, address: address(`10.0.0.1${n}`) }), terms)
        speaker.up(n)
      }
      for (const step of steps) take(speaker, step)
      speaker.finish()
      const fresh = speaker.fresh()
      fresh.finish()
      assert.deepEqual(speaker.seen(prefixes), fresh.seen(prefixes))
      assert.equal(speaker.emptied(), fresh.emptied())
    }),
    { numRuns: 300 * effort },
  )
})
