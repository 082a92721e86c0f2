import fc from 'fast-check'
import t from 'tap'
import type { WatchEvent } from '../datastore/datastore.ts'
import type { Resource } from '../model/resource.ts'
import { UnknownServices } from './unknown-services.ts'

const calico = (kind: string, name: string, spec: object, namespace?: string): Resource => {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...(namespace !== undefined && { namespace }) }, spec }
}
const to = (...names: string[]) => names.map((name) => ({ action: 'Allow', destination: { services: { name } } }))
const slice = (name: string, service: string, addressType = 'IPv4') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } },
  spec: undefined,
  addressType,
})
const policy = calico('NetworkPolicy', 'web', { egress: to('db', 'cache') }, 'shop')
const warning = (subject: string, what: string) => ({
  severity: 'warning',
  subject,
  message: `names ${what} without any EndpointSlice: such a rule matches nothing`,
})

function problems(...resources: readonly Resource[]) {
  const services = new UnknownServices()
  for (const resource of resources) services.put(resource)
  return services.problems
}

const table: [title: string, resources: readonly Resource[], expected: readonly object[]][] = [
  ['none of its services', [policy], [warning('networkpolicy/shop/web', 'service shop/cache and 1 more')]],
  ['one of two', [policy, slice('a', 'cache')], [warning('networkpolicy/shop/web', 'service shop/db')]],
  [
    'slices of names have no address',
    [policy, slice('a', 'cache'), slice('b', 'db', 'FQDN')],
    [warning('networkpolicy/shop/web', 'service shop/db')],
  ],
  ['both are there', [policy, slice('a', 'cache'), slice('b', 'db')], []],
  [
    'ingress rules, of a policy in no namespace',
    [calico('GlobalNetworkPolicy', 'g', { ingress: [{ action: 'Allow', source: { services: { name: 'db', namespace: 'bank' } } }] })],
    [warning('globalnetworkpolicy/g', 'service bank/db')],
  ],
  ['what names none', [calico('GlobalNetworkPolicy', 'g', { egress: [{ action: 'Allow' }] }), calico('Tier', 't', {})], []],
]
for (const [title, resources, expected] of table)
  t.test(`services that rules name and nobody has: ${title}`, async (t) => t.strictSame(problems(...resources), expected))

t.test('it is told as it changes: slices that come, that change their service, that go, and policies that go', async (t) => {
  const services = new UnknownServices()
  services.put(policy)
  const steps: [event: Omit<WatchEvent, 'revision'>, unknown: string | undefined][] = [
    [{ type: 'ADDED', resource: slice('a', 'cache') }, 'service shop/db'],
    [{ type: 'ADDED', resource: slice('b', 'db') }, undefined],
    [{ type: 'MODIFIED', resource: slice('b', 'other') }, 'service shop/db'],
    [{ type: 'MODIFIED', resource: slice('b', 'db') }, undefined],
    [{ type: 'DELETED', resource: slice('a', 'cache') }, 'service shop/cache'],
    [{ type: 'DELETED', resource: policy }, undefined],
  ]
  for (const [event, unknown] of steps) {
    services.take([{ ...event, revision: 1 } as WatchEvent])
    t.strictSame(services.problems, unknown === undefined ? [] : [warning('networkpolicy/shop/web', unknown)])
  }
})

t.test('twenty are told, of the others how many', async (t) => {
  const policies = Array.from({ length: 25 }, (_, i) => calico('NetworkPolicy', `p${i}`, { egress: to('db') }, 'shop'))
  const told = problems(...policies)
  t.equal(told.length, 21)
  t.strictSame(told.at(-1), { severity: 'warning', subject: 'resources', message: '5 more name services without any EndpointSlice' })
})

t.test('whatever the order in which all of it came', async () => {
  const resources = [policy, slice('a', 'cache'), calico('NetworkPolicy', 'x', { egress: to('none') }, 'shop'), slice('c', 'other')]
  const expected = problems(...resources)
  fc.assert(
    fc.property(fc.shuffledSubarray(resources, { minLength: 4 }), (shuffled) => {
      t.strictSame(problems(...shuffled), expected)
    }),
    { numRuns: 20 },
  )
})
