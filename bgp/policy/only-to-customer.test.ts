import t from 'tap'
import type { Role } from '../peer-config.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { plain } from './fixture.ts'
import { markedOnExport, mayBeToldTo, onlyToCustomerOf } from './only-to-customer.ts'

const unknown = (type: number) => ({ flags: 0xe0, type, data: Uint8Array.of(1) })
const otc = { flags: 0xc0, type: 35, data: Uint8Array.of(0xff, 0xff, 0xff, 0xff) }
const marked: PathAttributes = { ...plain, unknown: [otc] }

/** By our role: whether a marked route may be told, and the mark of an unmarked one. */
const table: readonly [role: Role, toldMarked: boolean, mark: number | undefined][] = [
  ['provider', true, 65_000],
  ['rs-server', true, 65_000],
  ['peer', false, 65_000],
  ['customer', false, undefined],
  ['rs-client', false, undefined],
]
for (const [role, toldMarked, mark] of table) {
  t.test(`RFC 9234 §5 egress 2: as ${role} a marked route is ${toldMarked ? '' : 'not '}told`, async (t) => {
    t.equal(mayBeToldTo(marked, role), toldMarked)
    t.equal(mayBeToldTo(plain, role), true)
  })
  t.test(`RFC 9234 §5 egress 1: as ${role} an unmarked route is told ${mark === undefined ? 'as it is' : 'with our AS'}`, async (t) => {
    t.equal(onlyToCustomerOf(markedOnExport(plain, role, 65_000)), mark)
  })
}

t.test('RFC 9234 §5 a mark is never changed, whatever its AS', async (t) => {
  t.equal(markedOnExport(marked, 'provider', 65_000), marked)
  t.equal(onlyToCustomerOf(marked), 4_294_967_295)
})

t.test('the mark takes its place in the order of types', async (t) => {
  const { unknown: list } = markedOnExport({ ...plain, unknown: [unknown(25), unknown(200)] }, 'provider', 65_000)
  t.strictSame(
    list.map(({ type }) => type),
    [25, 35, 200],
  )
})
