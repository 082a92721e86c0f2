import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from '../net/address.ts'
import { isLoopback, type ListenAddress, readListen } from './listen-address.ts'

const table: [text: string, expected: { address: string; port: number; loopback: boolean } | undefined][] = [
  ['127.0.0.1:9099', { address: '127.0.0.1', port: 9099, loopback: true }],
  ['127.255.255.255:1', { address: '127.255.255.255', port: 1, loopback: true }],
  ['localhost:65535', { address: '127.0.0.1', port: 65_535, loopback: true }],
  ['[::1]:9099', { address: '::1', port: 9099, loopback: true }],
  ['[0:0::1]:9099', { address: '::1', port: 9099, loopback: true }],
  ['0.0.0.0:9099', { address: '0.0.0.0', port: 9099, loopback: false }],
  ['128.0.0.1:9099', { address: '128.0.0.1', port: 9099, loopback: false }],
  ['[::]:9099', { address: '::', port: 9099, loopback: false }],
  ['[::ffff:127.0.0.1]:9099', { address: '::ffff:127.0.0.1', port: 9099, loopback: false }],
  ['9099', undefined],
  [':9099', undefined],
  ['127.0.0.1', undefined],
  ['127.0.0.1:0', undefined],
  ['127.0.0.1:65536', undefined],
  ['127.0.0.1:+80', undefined],
  ['::1:9099', undefined],
  ['[127.0.0.1:9099', undefined],
  ['[fe80::1%eth0]:80', undefined],
  ['example.com:80', undefined],
]
for (const [text, expected] of table) {
  t.test(
    `"${text}" is ${expected === undefined ? 'no address to listen on' : `${expected.loopback ? 'on' : 'off'} loopback`}`,
    async (t) => {
      const listen = readListen(text)
      t.strictSame(listen === undefined ? undefined : { ...listen, loopback: isLoopback(listen.address) }, expected)
    },
  )
}

t.test('every address and port is read back; noise never throws', async () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => parseAddress(text))
  fc.assert(
    fc.property(address, fc.integer({ min: 1, max: 65_535 }), (address, port) => {
      if (address === undefined) return true
      const read = readListen(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)
      return read?.address === address && read.port === port
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => ((listen: ListenAddress | undefined) => listen === undefined || listen.port > 0)(readListen(text))),
  )
})
