import t from 'tap'
import type { Resource } from '../src/model/resource.ts'
import type { WorkloadEndpoint } from '../src/model/workload-endpoint.ts'
import { LocalEndpoints } from './local-endpoints.ts'
import { policyOf } from './read-policy.ts'
import { endpoint, globalPolicy, profile, tier } from './test-resources.ts'

function put(locals: LocalEndpoints, one: WorkloadEndpoint): void {
  locals.putEndpoint(one.metadata.name, one, new Map(Object.entries(one.metadata.labels ?? {})))
}

function putPolicy(locals: LocalEndpoints, resource: Resource): void {
  const policy = policyOf(resource)
  if (policy !== undefined) locals.putPolicy(resource.metadata.name, policy)
}

function localsOf(...endpoints: readonly WorkloadEndpoint[]): LocalEndpoints {
  const locals = new LocalEndpoints('n1')
  for (const one of endpoints) put(locals, one)
  return locals
}

/** What must be rendered again since the last question. */
function changes(locals: LocalEndpoints): unknown {
  const { policies, profiles, interfaces, dispatch } = locals.takeChanges()
  return { policies: [...policies].toSorted(), profiles: [...profiles].toSorted(), interfaces: [...interfaces].toSorted(), dispatch }
}

const nothing = { policies: [], profiles: [], interfaces: [], dispatch: false }
const web = endpoint('web', { interfaceName: 'tort1' }, { app: 'web' })
const db = endpoint('db', { interfaceName: 'tort2' }, { app: 'db' })
const onWeb = globalPolicy('on-web', { selector: "app == 'web'", types: ['Ingress'] })

t.test('an endpoint that comes: its interface, its profile, the dispatch', async (t) => {
  const locals = localsOf(web)
  t.strictSame(changes(locals), { ...nothing, profiles: ['kns.shop'], interfaces: ['tort1'], dispatch: true })
  t.strictSame(changes(locals), nothing, 'and nothing the second time')
  put(locals, db)
  t.strictSame(changes(locals), { ...nothing, interfaces: ['tort2'], dispatch: true }, 'the profile is there already')
})

const elsewhere: [title: string, one: WorkloadEndpoint][] = [
  ['of another node', endpoint('e', { node: 'n2', interfaceName: 'tort9' })],
  ['without an interface', endpoint('e', {})],
]
for (const [title, one] of elsewhere)
  t.test(`an endpoint ${title} changes nothing here`, async (t) => t.strictSame(changes(localsOf(one)), nothing))

t.test('a policy concerns the interfaces it selects and itself; one that selects nobody is not active', async (t) => {
  const locals = localsOf(web, db)
  changes(locals)
  putPolicy(locals, onWeb)
  t.strictSame(changes(locals), { ...nothing, policies: ['on-web'], interfaces: ['tort1'] })
  t.equal(locals.activePolicy('on-web')?.id, 'gnp/on-web')
  locals.relabel('web', new Map())
  t.strictSame(changes(locals), { ...nothing, policies: ['on-web'], interfaces: ['tort1'] })
  t.equal(locals.activePolicy('on-web'), undefined)
  locals.relabel('db', new Map([['app', 'web']]))
  t.strictSame(changes(locals), { ...nothing, policies: ['on-web'], interfaces: ['tort2'] })
})

t.test('a policy whose subject changes concerns those it leaves and those it comes to', async (t) => {
  const locals = localsOf(web, db)
  putPolicy(locals, onWeb)
  changes(locals)
  putPolicy(locals, globalPolicy('on-web', { selector: "app == 'db'" }))
  t.strictSame(changes(locals), { ...nothing, policies: ['on-web'], interfaces: ['tort1', 'tort2'] })
  locals.deletePolicy('on-web')
  t.strictSame(changes(locals), { ...nothing, policies: ['on-web'], interfaces: ['tort2'] })
  t.equal(locals.activePolicy('on-web'), undefined)
  locals.deletePolicy('on-web')
  t.strictSame(changes(locals), nothing, 'one that is gone already concerns nobody')
})

t.test('a tier concerns every interface, a profile those that list it', async (t) => {
  const locals = localsOf(web, endpoint('own', { interfaceName: 'tort3', profiles: ['mine'] }))
  changes(locals)
  locals.putTier(tier('first', { order: 1 }))
  t.strictSame(changes(locals), { ...nothing, interfaces: ['tort1', 'tort3'] })
  locals.putProfile(profile('mine', {}))
  t.strictSame(changes(locals), { ...nothing, profiles: ['mine'], interfaces: ['tort3'] })
  t.strictSame(locals.endpointOn('tort3')?.profiles, [{ name: 'mine', known: true }])
  locals.deleteProfile('mine')
  t.strictSame(locals.endpointOn('tort3')?.profiles, [{ name: 'mine', known: false }])
  t.equal(locals.activeProfile('mine'), undefined)
})

t.test('an endpoint that moves to another interface concerns both', async (t) => {
  const locals = localsOf(web)
  changes(locals)
  put(locals, endpoint('web', { interfaceName: 'tort7' }, { app: 'web' }))
  t.strictSame(changes(locals), { ...nothing, profiles: ['kns.shop'], interfaces: ['tort1', 'tort7'], dispatch: true })
  t.equal(locals.endpointOn('tort1'), undefined)
  t.strictSame(locals.interfaces(), ['tort7'])
})

t.test('an endpoint that goes takes its interface and the last use of its profile along', async (t) => {
  const locals = localsOf(web)
  putPolicy(locals, onWeb)
  changes(locals)
  locals.deleteEndpoint('web')
  t.strictSame(changes(locals), { policies: ['on-web'], profiles: ['kns.shop'], interfaces: ['tort1'], dispatch: true })
  t.equal(locals.activeProfile('kns.shop'), undefined)
  locals.deleteEndpoint('web')
  t.strictSame(changes(locals), nothing)
})

t.test('§6.2.1: what applies on an interface, by tier and direction, in order', async (t) => {
  const locals = localsOf(web)
  locals.putTier(tier('first', { order: 1, defaultAction: 'Pass' }))
  for (const one of [
    globalPolicy('both', { order: 2, types: ['Ingress', 'Egress'] }),
    globalPolicy('early', { order: 1, types: ['Ingress'] }),
    globalPolicy('tiered', { tier: 'first', types: ['Egress'] }),
    globalPolicy('lost', { tier: 'gone', order: 0, types: ['Egress'] }),
  ])
    putPolicy(locals, one)
  t.strictSame(locals.endpointOn('tort1'), {
    interfaceName: 'tort1',
    sources: [],
    tiers: {
      ingress: [{ name: 'default', defaultAction: 'Deny', policies: ['gnp/early', 'gnp/both'] }],
      egress: [
        { name: 'first', defaultAction: 'Pass', policies: ['gnp/tiered'] },
        { name: 'default', defaultAction: 'Deny', policies: ['gnp/both'] },
        { name: 'gone', defaultAction: 'Deny', policies: ['gnp/lost'] },
      ],
    },
    profiles: [{ name: 'kns.shop', known: true }],
  })
})
