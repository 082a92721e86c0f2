import fc from 'fast-check'
import t from 'tap'
import type { Resource } from '../../src/model/resource.ts'
import { setText } from '../chain-text.ts'
import { entitySelectors } from '../effective-selector.ts'
import { endpoint, networkSet } from '../test-resources.ts'
import { endpointSlice, slice } from '../test-slices.ts'
import { IpSetStore } from './ip-set-store.ts'
import { sliceOf } from './service-slices.ts'
import { setItemOf } from './set-item.ts'
import type { SetSource } from './set-source.ts'

function selecting(selector: string): SetSource {
  const { positive } = entitySelectors({ selector }, '')
  if (positive === undefined) throw new Error('no selector')
  return { type: 'selector', term: positive }
}

function put(store: IpSetStore, resource: Resource): void {
  const item = setItemOf(resource)
  if (item !== undefined) store.putItem(resource.metadata.name, new Map(Object.entries(resource.metadata.labels ?? {})), item)
}

/** Type and members of every set, without the hashes. */
function contents(store: IpSetStore): readonly string[] {
  store.publish()
  return [...store.sets.entries()].map(([, set]) => `IPv${set.family} ${setText(set).replace(/^\S+ /, '')}`).toSorted()
}

const http = { name: 'http', protocol: 'TCP', port: 80 }
const dns = { name: 'dns', protocol: 'UDP', port: 53 }
const one = endpoint('one', { ipNetworks: ['10.0.0.1/32', 'fd00::1/128'], ports: [http, dns] }, { a: '1' })
const two = endpoint('two', { ipNetworks: ['10.0.0.2/32'], ports: [{ ...http, port: 8080 }] }, { a: '2' })
const nets = networkSet('nets', ['10.0.0.1/32', '192.0.2.0/24', '::/0'], { a: '1' })

function storeOf(...resources: readonly Resource[]): IpSetStore {
  const store = new IpSetStore([4, 6])
  for (const resource of resources) put(store, resource)
  return store
}

t.test('a set exists while somebody names it', async (t) => {
  const store = storeOf(one, two)
  t.strictSame(contents(store), [])
  store.use(new Map([['p', [selecting('has(a)')]]]))
  t.strictSame(contents(store), ['IPv4 hash:ip: 10.0.0.1 10.0.0.2', 'IPv6 hash:ip: fd00::1'])
  store.use(new Map([['q', [selecting(' has( a ) ')]]]))
  store.use(new Map([['p', []]]))
  t.equal(contents(store).length, 2, 'the other still does')
  store.use(new Map([['q', []]]))
  t.strictSame(contents(store), [])
})

t.test('a set that only changes hands is the same object', async (t) => {
  const store = storeOf(one)
  const sources = [selecting('has(a)')]
  store.use(new Map([['p', sources]]))
  store.publish()
  const { version } = store.sets
  store.use(
    new Map([
      ['p', []],
      ['q', sources],
    ]),
  )
  store.publish()
  t.equal(store.sets.version, version)
})

t.test('named ports: address, protocol and port of whoever has one of the names', async (t) => {
  const store = storeOf(one, two)
  store.use(new Map([['p', [{ type: 'named-ports', names: ['dns', 'http'] }]]]))
  t.strictSame(contents(store), [
    'IPv4 hash:ip,port: 10.0.0.1,tcp:80 10.0.0.1,udp:53 10.0.0.2,tcp:8080',
    'IPv6 hash:ip,port: fd00::1,tcp:80 fd00::1,udp:53',
  ])
  put(store, { ...one, spec: { ...one.spec, ports: [dns] } })
  put(store, { ...two, spec: { ...two.spec, ports: [] } })
  t.strictSame(contents(store), ['IPv4 hash:ip,port: 10.0.0.1,udp:53', 'IPv6 hash:ip,port: fd00::1,udp:53'])
})

t.test('a service: addresses with ports, or alone, of all its slices together', async (t) => {
  const store = storeOf()
  const slice = (numbers: readonly number[], port: number, service = 'db') => {
    const endpoints = numbers.map((i) => ({ addresses: [`10.0.0.${i}`] }))
    return sliceOf(endpointSlice('any', service, { endpoints, ports: [{ protocol: 'UDP', port }] }))
  }
  const db = { type: 'service', service: 'shop/db' } as const
  store.putSlice('one', slice([1, 2], 53))
  store.use(
    new Map([
      ['p', [{ ...db, withPorts: true }]],
      ['q', [{ ...db, withPorts: false }]],
    ]),
  )
  const none = ['IPv6 hash:ip,port:', 'IPv6 hash:ip:']
  t.strictSame(contents(store), ['IPv4 hash:ip,port: 10.0.0.1,udp:53 10.0.0.2,udp:53', 'IPv4 hash:ip: 10.0.0.1 10.0.0.2', ...none])
  store.putSlice('two', slice([2, 3], 54))
  store.putSlice('other', slice([4], 53, 'web'))
  store.putSlice('one', slice([2], 53))
  t.strictSame(contents(store), [
    'IPv4 hash:ip,port: 10.0.0.2,udp:53 10.0.0.2,udp:54 10.0.0.3,udp:54',
    'IPv4 hash:ip: 10.0.0.2 10.0.0.3',
    ...none,
  ])
  store.putSlice('two', slice([2, 3], 54, 'web'))
  store.putSlice('one', undefined)
  t.strictSame(contents(store), ['IPv4 hash:ip,port:', 'IPv4 hash:ip:', ...none])
})

t.test('a change of a slice is that of the members which come and go', async (t) => {
  const store = storeOf()
  const slice = (...numbers: readonly number[]) =>
    sliceOf(endpointSlice('any', 'db', { endpoints: numbers.map((i) => ({ addresses: [`10.0.0.${i}`] })), ports: [{ port: 80 }] }))
  store.use(new Map([['p', [{ type: 'service', service: 'shop/db', withPorts: true }]]]))
  store.putSlice('one', slice(1, 2, 3))
  store.publish()
  const [set] = [...store.sets.entries()].flatMap(([, one]) => (one.family === 4 ? one : []))
  const { version } = store.sets
  const before = set?.members.version ?? 0
  store.putSlice('one', slice(2, 3, 4))
  store.publish()
  t.strictSame(set?.members.changedSince?.(before)?.toSorted(), ['10.0.0.1,tcp:80', '10.0.0.4,tcp:80'])
  t.not(store.sets.version, version)
  const after = store.sets.version
  store.putSlice('one', slice(2, 3, 4))
  store.publish()
  t.equal(store.sets.version, after, 'the same again is no change')
})

t.test('a list of nets is a set of its one family', async (t) => {
  const store = storeOf()
  store.use(new Map([['p', [{ type: 'nets', nets: ['0.0.0.0/0', '10.0.0.1/32'] as never }]]]))
  t.strictSame(contents(store), ['IPv4 hash:net: 0.0.0.0/0 10.0.0.1/32'])
})

t.test('a network set turns a set to hash:net and names its users, whose rules must follow', async (t) => {
  const store = storeOf(one)
  const source = selecting("a == '1'")
  store.use(new Map([['p', [source]]]))
  t.strictSame([...store.takeRetyped()], [])
  const before = store.name(source, 4)
  put(store, nets)
  t.strictSame([...store.takeRetyped()], ['p'])
  t.not(store.name(source, 4), before)
  t.strictSame(contents(store), ['IPv4 hash:net: 10.0.0.1/32 192.0.2.0/24', 'IPv6 hash:net: ::/0 fd00::1/128'])
  store.relabel('nets', new Map())
  t.strictSame([...store.takeRetyped()], ['p'])
  t.equal(store.name(source, 4), before)
  t.strictSame(contents(store), ['IPv4 hash:ip: 10.0.0.1', 'IPv6 hash:ip: fd00::1'])
})

t.test('a member that comes is told by its set, which stays the same object; nothing shows before it is published', async (t) => {
  const store = storeOf(one)
  store.use(new Map([['p', [selecting('has(a)'), selecting("a == '1'")]]]))
  store.publish()
  const { version } = store.sets
  const before = new Map(store.sets.entries())
  put(store, two)
  t.equal(store.sets.version, version)
  t.ok([...before.values()].every(({ members }) => !members.has('10.0.0.2')))
  store.publish()
  const changed = store.sets.changedSince(version) ?? []
  t.equal(changed.length, 1)
  const set = store.sets.get(changed[0] ?? '')
  t.equal(set, before.get(changed[0] ?? ''))
  t.strictSame(set?.members.changedSince?.(0), ['10.0.0.2'])
})

t.test('a set that goes and comes back before it is published is there with the members of now', async (t) => {
  const store = storeOf(one, two)
  const sources = [selecting("a == '1'")]
  store.use(new Map([['p', sources]]))
  store.publish()
  store.use(new Map([['p', []]]))
  put(store, { ...one, spec: { ...one.spec, ipNetworks: ['10.0.0.7/32'] } })
  store.use(new Map([['p', sources]]))
  t.strictSame(contents(store), ['IPv4 hash:ip: 10.0.0.7', 'IPv6 hash:ip:'])
})

t.test('an address that moves leaves the set it was in', async (t) => {
  const store = storeOf(one, two)
  store.use(new Map([['p', [selecting("a == '1'")]]]))
  put(store, { ...one, spec: { ...one.spec, ipNetworks: ['10.0.0.9/32'] } })
  t.strictSame(contents(store), ['IPv4 hash:ip: 10.0.0.9', 'IPv6 hash:ip:'])
  store.deleteItem('one')
  t.strictSame(contents(store), ['IPv4 hash:ip:', 'IPv6 hash:ip:'])
})

const item = fc
  .tuple(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'), fc.subarray([1, 2, 3]), fc.boolean(), fc.subarray([http, dns]))
  .map(
    ([name, a, hosts, isSet, ports]): Resource =>
      isSet
        ? networkSet(
            name,
            hosts.map((i) => `10.0.${i}.0/24`),
            { a },
          )
        : endpoint(name, { ipNetworks: hosts.map((i) => `10.0.0.${i}/32`), ports }, { a }),
  )

t.test('any history of items and users ends in the sets of what is there', async () => {
  const sources = [selecting("a == '1'"), selecting("a != '1'"), selecting('all()'), { type: 'named-ports' as const, names: ['http'] }]
  const step = fc.oneof(item, fc.constantFrom('x', 'y', 'z'), fc.record({ user: fc.constantFrom('p', 'q'), uses: fc.subarray(sources) }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const store = storeOf()
      const items = new Map<string, Resource>()
      const users = new Map<string, readonly SetSource[]>()
      for (const one of steps) {
        if (typeof one === 'string') {
          store.deleteItem(one)
          items.delete(one)
        } else if ('user' in one) {
          store.use(new Map([[one.user, one.uses]]))
          users.set(one.user, one.uses)
        } else {
          put(store, one)
          items.set(one.metadata.name, one)
        }
        store.publish()
      }
      const direct = storeOf(...items.values())
      direct.use(users)
      return JSON.stringify(contents(store)) === JSON.stringify(contents(direct))
    }),
    { numRuns: 200 },
  )
})

t.test('any history of slices and of those who name services ends in the sets of the slices that are there', async () => {
  const of = (service: 'shop/one' | 'shop/two'): SetSource[] => [true, false].map((withPorts) => ({ type: 'service', service, withPorts }))
  const uses = fc.record({ user: fc.constantFrom('p', 'q'), uses: fc.subarray([...of('shop/one'), ...of('shop/two')]) })
  const step = fc.oneof(slice, slice, fc.constantFrom('s1', 's2', 's3', 'publish'), uses)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const store = storeOf()
      const slices = new Map<string, ReturnType<typeof sliceOf>>()
      const users = new Map<string, readonly SetSource[]>()
      for (const one of steps) {
        if (one === 'publish') store.publish()
        else if (typeof one === 'string') {
          store.putSlice(one, undefined)
          slices.delete(one)
        } else if ('user' in one) {
          store.use(new Map([[one.user, one.uses]]))
          users.set(one.user, one.uses)
        } else {
          store.putSlice(one.metadata.name, sliceOf(one))
          slices.set(one.metadata.name, sliceOf(one))
        }
      }
      const direct = storeOf()
      for (const [name, one] of slices) direct.putSlice(name, one)
      direct.use(users)
      return JSON.stringify(contents(store)) === JSON.stringify(contents(direct))
    }),
    { numRuns: 500 },
  )
})
