import fc from 'fast-check'
import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import { containsPrefix, parsePrefix } from '../../src/net/prefix.ts'
import { AddressIndex } from './address-index.ts'

const at = (index: AddressIndex, address: string) => index.at(address as IpAddress).toSorted()

t.test('an address is found by itself and by every net around it', async (t) => {
  const index = new AddressIndex()
  index.add('pod', ['10.0.0.1/32', 'fd00::1/128'])
  index.add('twin', ['10.0.0.1/32'])
  index.add('office', ['10.0.0.0/8', '10.0.0.0/30', 'fd00::/65'])
  index.add('all', ['0.0.0.0/0', '::/0'])
  t.strictSame(at(index, '10.0.0.1'), ['all', 'office', 'pod', 'twin'])
  t.strictSame(at(index, '10.0.0.4'), ['all', 'office'])
  t.strictSame(at(index, '192.0.2.1'), ['all'])
  t.strictSame(at(index, 'fd00::1'), ['all', 'office', 'pod'])
  t.strictSame(at(index, 'fd00:0:0:0:8000::1'), ['all'])
})

t.test('what is taken away is found no more, and leaves the others', async (t) => {
  const index = new AddressIndex()
  index.add('a', ['10.0.0.1/32', '10.0.0.0/24'])
  index.add('b', ['10.0.0.1/32', '10.0.0.0/24'])
  index.delete('a', ['10.0.0.1/32', '10.0.0.0/24'])
  t.strictSame(at(index, '10.0.0.1'), ['b'])
  index.delete('b', ['10.0.0.1/32', '10.0.0.0/24'])
  t.strictSame(at(index, '10.0.0.1'), [])
  index.delete('b', ['10.0.0.1/32', '10.0.0.0/24'])
  t.strictSame(at(index, '10.0.0.1'), [], 'taking away what is not there changes nothing')
})

t.test('what is no CIDR is a bug of the caller', async (t) => {
  t.throws(() => new AddressIndex().add('a', ['10.0.0.0/33']), { message: '10.0.0.0/33 is no CIDR' })
})

const nets = ['10.0.0.1/32', '10.0.0.2/32', '10.0.0.0/31', '10.0.0.0/30', '10.0.0.0/8', '0.0.0.0/0', 'fd00::1/128', 'fd00::/127', '::/0']
const addresses = ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.9', '11.0.0.1', 'fd00::1', 'fd00::2', '2001:db8::1']
const step = fc.record({ id: fc.constantFrom('a', 'b', 'c'), cidrs: fc.subarray(nets) })

t.test('after any changes a lookup finds what a look through all of them finds', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const index = new AddressIndex()
      const held = new Map<string, readonly string[]>()
      for (const { id, cidrs } of steps) {
        index.delete(id, held.get(id) ?? [])
        index.add(id, cidrs)
        held.set(id, cidrs)
      }
      for (const address of addresses) {
        const expected = [...held].filter(([, cidrs]) => cidrs.some((cidr) => covers(cidr, address))).map(([id]) => id)
        if (at(index, address).join() !== expected.toSorted().join())
          throw new Error(`${address}: ${at(index, address).join()}, not ${expected.join()}`)
      }
    }),
  )
})

function covers(net: string, address: string): boolean {
  const [outer, inner] = [parsePrefix(net), parsePrefix(address)]
  return outer !== undefined && inner !== undefined && containsPrefix(outer, inner)
}
