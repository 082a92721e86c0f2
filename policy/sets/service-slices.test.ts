import t from 'tap'
import type { EndpointSlice } from '../../src/model/endpoint-slice.ts'
import type { IpAddress } from '../../src/net/address.ts'
import { endpointSlice } from '../test-slices.ts'
import { membersOf, ServiceSlices, serves, sliceOf } from './service-slices.ts'

const [a, b] = ['10.0.0.1', '10.0.0.2'] as IpAddress[]
const whole = endpointSlice('db-1', 'db', {
  endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2', '10.0.0.1'], conditions: { ready: false, terminating: true } }],
  ports: [{ port: 5432 }, { name: 'any' }, { protocol: 'SCTP', port: 5432 }, { name: 'twice', protocol: 'TCP', port: 5432 }],
})

function read(slice: EndpointSlice) {
  const known = sliceOf(slice)
  if (known === undefined) throw new Error('of no service')
  return known
}

t.test('every address has every port with a number, whatever the conditions; without a protocol it is TCP', async (t) => {
  const slice = read(whole)
  t.strictSame([slice.service, [...slice.addresses]], ['shop/db', ['10.0.0.1', '10.0.0.2']])
  const texts = (withPorts: boolean) => membersOf(slice, withPorts).map(({ family, text }) => `IPv${family} ${text}`)
  t.strictSame(texts(false), ['IPv4 10.0.0.1', 'IPv4 10.0.0.2'])
  t.strictSame(texts(true), ['IPv4 10.0.0.1,tcp:5432', 'IPv4 10.0.0.1,sctp:5432', 'IPv4 10.0.0.2,tcp:5432', 'IPv4 10.0.0.2,sctp:5432'])
})

t.test('a slice without ports has addresses and no members with ports', async (t) => {
  const slice = read(endpointSlice('db-1', 'db', { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] }))
  t.strictSame([membersOf(slice, false), membersOf(slice, true)], [[{ family: 6, text: 'fd00::1' }], []])
})

t.test('slices of no service, and of names, add nothing', async (t) => {
  t.equal(sliceOf({ ...whole, metadata: { name: 'a', namespace: 'shop' } }), undefined)
  t.equal(sliceOf(endpointSlice('a', 'db', { addressType: 'FQDN', endpoints: [{ addresses: ['db.example.com'] }] })), undefined)
})

const asked: [title: string, address: IpAddress | undefined, at: readonly number[], expected: boolean][] = [
  ['an address of it', a, [], true],
  ['another address', '10.0.0.3' as IpAddress, [], false],
  ['a port of it', b, [6, 5432], true],
  ['another port', b, [6, 80], false],
  ['the port of another protocol', b, [17, 5432], false],
  ['a protocol without ports', b, [1], false],
]
for (const [title, address, [protocol, port], expected] of asked)
  t.test(`asked for ${title}`, async (t) => t.equal(address && serves(read(whole), address, protocol, port), expected))

t.test('slices by service, in whatever order they come, move and go', async (t) => {
  const slices = new ServiceSlices()
  const of = (service: string, ...ports: number[]) =>
    read(endpointSlice('any', service, { ports: ports.map((port) => ({ port })), endpoints: [{ addresses: ['10.0.0.1'] }] }))
  const ids = (service: `${string}/${string}`) =>
    [...slices.of(service)].map(([id, { ports }]) => `${id} ${ports.map(({ port }) => port).join()}`)
  t.equal(slices.put('1', of('db', 1)), undefined)
  slices.put('2', of('db', 2))
  t.strictSame([ids('shop/db'), ids('bank/db')], [['1 1', '2 2'], []])
  t.strictSame(slices.put('1', of('db', 3)), of('db', 1), 'what was there before')
  t.strictSame(ids('shop/db').toSorted(), ['1 3', '2 2'])
  slices.put('2', of('web', 2))
  t.strictSame([ids('shop/db'), ids('shop/web')], [['1 3'], ['2 2']])
  slices.put('1', undefined)
  t.strictSame([ids('shop/db'), slices.put('1', undefined)], [[], undefined])
})
