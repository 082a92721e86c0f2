import t from 'tap'
import { Filters, type FilterVerdict } from './filter-chain.ts'
import { accept, filter, matching, reject, route } from './fixture.ts'

const tor = filter('tor', [
  { ...matching('in 10.0.0.0/8'), ...accept },
  { ...matching('in 192.168.0.0/16'), ...reject },
])
const edge = filter('edge', [{ ...matching('in 192.168.0.0/16'), ...accept }])

function word(verdict: FilterVerdict): string {
  if (verdict === undefined || verdict === 'reject') return verdict ?? 'no match'
  return verdict.accepts ? 'accept' : 'reject'
}

function verdicts(names: readonly string[], prefixes: readonly string[]): readonly string[] | undefined {
  const chain = new Filters([tor, edge]).chain(names, 'import', 'ipv4-unicast')
  return chain && prefixes.map((prefix) => word(chain.verdict(route(prefix))))
}

const asked = ['10.1.0.0/16', '192.168.1.0/24', '172.16.0.0/12']

t.test('§6.11.3 the first filter with a rule that matches decides; without one nothing is decided', async (t) => {
  t.strictSame(verdicts(['tor', 'edge'], asked), ['accept', 'reject', 'no match'])
  t.strictSame(verdicts(['edge', 'tor'], asked), ['accept', 'accept', 'no match'])
  t.equal(verdicts([], asked), undefined, 'no filter: nothing to ask')
})

t.test('a missing filter lets nothing through, wherever it stands, and is named', async (t) => {
  t.strictSame(verdicts(['tor', 'lost'], asked), ['reject', 'reject', 'reject'])
  t.strictSame(verdicts(['lost', 'tor'], asked), ['reject', 'reject', 'reject'])
  t.equal(new Filters([tor]).chain(['tor', 'lost'], 'export', 'ipv4-unicast')?.missing, 'lost')
})

t.test('lists are told apart by direction and family', async (t) => {
  const rules = [reject]
  const filters = new Filters([
    { name: 'a', import: { 'ipv4-unicast': rules, 'ipv6-unicast': [] }, export: { 'ipv4-unicast': [], 'ipv6-unicast': rules } },
  ])
  const said = (['import', 'export'] as const).flatMap((direction) =>
    (['ipv4-unicast', 'ipv6-unicast'] as const).map((family) =>
      word(filters.chain(['a'], direction, family)?.verdict(route(family === 'ipv4-unicast' ? '10.0.0.0/8' : '::/0'))),
    ),
  )
  t.strictSame(said, ['reject', 'no match', 'no match', 'reject'])
})

t.test('a filter that stays the same object is not compiled again, and peers that name no other need no second look', async (t) => {
  const before = new Filters([tor, edge])
  const after = new Filters([tor, filter('edge', [])], before)
  t.ok(after.isSameFor(['tor'], before))
  t.notOk(after.isSameFor(['tor', 'edge'], before))
  t.notOk(new Filters([tor], before).isSameFor(['edge'], before), 'one that is gone')
  t.ok(after.isSameFor(['lost'], before), 'one that is missing before and after')
})
