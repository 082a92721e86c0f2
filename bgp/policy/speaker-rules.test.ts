import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { SpeakerPolicy } from '../speaker-policy.ts'
import { accept, filter, matching, reject, route } from './fixture.ts'
import { modified } from './modification.ts'
import { SpeakerRules } from './speaker-rules.ts'

const cidr = (text: string) => text as Cidr
const own: SpeakerPolicy = {
  notExported: [cidr('10.9.0.0/16'), cidr('fd09::/48')],
  advertisements: [
    { cidr: cidr('10.0.0.0/8'), communities: [1, [1, 2, 3]] },
    { cidr: cidr('10.1.0.0/16'), communities: [2] },
  ],
}
const tor = filter('tor', [
  { ...matching('in 10.9.1.0/24'), ...accept, operations: [{ type: 'add-community', community: 7 }] },
  { ...matching('in 10.2.0.0/16'), ...reject },
])

/** The communities a route goes out with; undefined: it does not. */
function told(prefix: string, { names = [] as readonly string[], policy = own, otherwise = undefined as string | undefined } = {}) {
  const rules = new SpeakerRules(policy).exportRules(names, prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast')
  if (rules === undefined) return 'nothing to ask'
  const asked = route(prefix)
  const modification = rules.decide(asked, otherwise)
  return modification && modified(asked.set.attributes, modification).communities?.join()
}

t.test('§6.11.4 routes inside what is not exported are told to nobody, unless a filter accepts them', async (t) => {
  t.equal(told('10.9.2.0/24'), undefined)
  t.equal(told('10.9.0.0/16'), undefined)
  t.equal(told('fd09::/64'), undefined)
  t.equal(told('10.9.1.0/24', { names: ['tor'], policy: { ...own, filters: [tor] } }), '7,1')
  t.equal(told('10.9.2.0/24', { names: ['tor'], policy: { ...own, filters: [tor] } }), undefined)
})

t.test('§6.11.4 communities of every prefix advertisement around a route, in their order', async (t) => {
  t.equal(told('10.1.1.0/24'), '1,2')
  t.equal(told('10.3.0.0/16'), '1')
  t.equal(told('0.0.0.0/0', { policy: { ...own, advertisements: [{ cidr: cidr('0.0.0.0/0'), communities: [5] }] } }), '5')
})

t.test("§6.11.3 where no filter decides, the peer's own setting does", async (t) => {
  const policy = { ...own, filters: [tor] }
  t.equal(told('10.2.0.0/16', { names: ['tor'], policy }), undefined, 'a filter refuses')
  t.equal(told('10.3.0.0/16', { names: ['tor'], policy, otherwise: 'export: local' }), undefined)
  t.equal(told('10.9.1.0/24', { names: ['tor'], policy, otherwise: 'export: local' }), '7,1', 'a filter accepts')
  t.equal(told('10.3.0.0/16', { names: ['lost'], policy }), undefined, 'a missing filter')
})

t.test('without filters, and with nothing of its family, there is nothing to ask of each route', async (t) => {
  t.equal(told('10.0.0.0/8', { policy: {} }), 'nothing to ask')
  t.equal(told('fd00::/8', { policy: { advertisements: [{ cidr: cidr('10.0.0.0/8'), communities: [1] }] } }), 'nothing to ask')
})

t.test('what a change means for a peer: only what it names and what is for all', async (t) => {
  const before = new SpeakerRules({ ...own, filters: [tor] })
  const same = (policy: SpeakerPolicy, names: readonly string[]) => new SpeakerRules(policy, before).exportsTheSame(names, before)
  t.ok(same({ ...structuredClone(own), filters: [tor] }, ['tor']))
  t.ok(same({ ...own, filters: [filter('tor', [])] }, []))
  t.notOk(same({ ...own, filters: [filter('tor', [])] }, ['tor']))
  t.notOk(same({ ...own, filters: [tor], notExported: [] }, []))
  t.notOk(same({ ...own, filters: [tor], advertisements: [] }, []))
})
