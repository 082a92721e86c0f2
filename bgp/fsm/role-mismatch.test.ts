import t from 'tap'
import type { Role } from '../peer-config.ts'
import { roleCapability, roleMismatch } from './role-mismatch.ts'

const roles: readonly Role[] = ['provider', 'rs-server', 'rs-client', 'customer', 'peer']
const role = (value: number) => ({ type: 'role', value }) as const

t.test('RFC 9234 §4.1 the values of the capability', async (t) => {
  t.strictSame(
    roles.map((local) => roleCapability({ local, strict: false })),
    [role(0), role(1), role(2), role(3), role(4)],
  )
})

t.test('RFC 9234 §4.2 the allowed pairs, and no others', async (t) => {
  const allowed = roles.flatMap((local) =>
    [0, 1, 2, 3, 4, 5, 255]
      .filter((value) => roleMismatch({ local, strict: true }, [role(value)]) === undefined)
      .map((value) => [local, value]),
  )
  t.strictSame(allowed, [
    ['provider', 3],
    ['rs-server', 2],
    ['rs-client', 1],
    ['customer', 0],
    ['peer', 4],
  ])
})

t.test('RFC 9234 §4.2 a peer without a role is taken, but not in strict mode', async (t) => {
  t.equal(roleMismatch({ local: 'peer', strict: false }, []), undefined)
  t.equal(roleMismatch({ local: 'provider', strict: true }, [{ type: 'route-refresh' }]), 'no role, customer is required')
})

t.test('RFC 9234 §4.2 the same role twice is one, different ones are a mismatch', async (t) => {
  t.equal(roleMismatch({ local: 'peer', strict: true }, [role(4), role(4)]), undefined)
  t.equal(roleMismatch({ local: 'peer', strict: true }, [role(4), role(0)]), 'several roles at once')
})

t.test('a mismatch says what came and what was expected', async (t) => {
  t.equal(roleMismatch({ local: 'customer', strict: false }, [role(3)]), 'role customer, towards us as customer it must be provider')
  t.equal(roleMismatch({ local: 'customer', strict: false }, [role(9)]), 'role 9, towards us as customer it must be provider')
})
