import t from 'tap'
import { parseCidr } from '../../src/net/prefix.ts'
import { address } from './fixture.ts'
import {
  connectionOptions,
  dialOptions,
  isKeyRemoval,
  listenOptions,
  md5Key,
  type SocketOption,
  socketAddress,
  synTtl,
} from './socket-options.ts'

/** "level/name value": an integer as such, anything longer in hexadecimal. */
function text(options: readonly SocketOption[]): readonly string[] {
  return options.map(({ level, name, value }) => `${level}/${name} ${valueText(value)}`)
}

function valueText(value: Uint8Array): string {
  const buffer = Buffer.from(value)
  return value.length === 4 ? String(buffer.readInt32LE()) : buffer.toString('hex').replace(/(00)+$/, '')
}

const v4 = address('10.99.0.2')
const v6 = address('fd99::2')

const sets: [title: string, options: readonly SocketOption[], expected: readonly string[]][] = [
  ['a listener of IPv4: address reuse, DSCP CS6, TTL 255', listenOptions(4), ['1/2 1', '0/1 192', '0/2 255', '6/27 1']],
  ['a listener of IPv6 takes no IPv4', listenOptions(6), ['41/26 1', '1/2 1', '41/67 192', '41/16 255', '6/27 1']],
  ['an external neighbour', dialOptions(v4, { ttl: 1 }), ['0/1 192', '0/2 1', '0/21 0']],
  ['an internal peer gets the default TTL of the system', dialOptions(v4, {}), ['0/1 192', '0/2 -1', '0/21 0']],
  ['GTSM over IPv6', dialOptions(v6, { ttl: 255, minTtl: 254 }), ['41/67 192', '41/16 255', '41/73 254']],
  ['a key', dialOptions(v4, { key: 'ab' }), ['0/1 192', '0/2 -1', '0/21 0', `6/14 020000000a630002${'00'.repeat(122)}0200000000006162`]],
  ['a connection that is there loses the key it had', connectionOptions(v4, {}), ['0/1 192', '0/2 -1', '0/21 0', '6/14 020000000a630002']],
]
for (const [title, options, expected] of sets) t.test(title, async (t) => t.strictSame(text(options), expected))

t.test('RFC 2385 the key of a range goes by its prefix', async (t) => {
  const [v4Range, v6Range] = ['10.99.0.0/16', 'fd99::/64'].map((text) => parseCidr(text) ?? address('::'))
  t.strictSame(text([md5Key(v4Range ?? v4, 'k'), md5Key(v6Range ?? v6, 'k')]), [
    `6/32 020000000a63${'00'.repeat(122)}01100100000000006b`,
    `6/32 0a00000000000000fd99${'00'.repeat(118)}01400100000000006b`,
  ])
})

t.test('a key is taken back by an empty one, and only by it', async (t) => {
  t.strictSame([md5Key(v4, undefined), md5Key(v4, 'k'), ...listenOptions(4)].map(isKeyRemoval), [true, false, false, false, false, false])
})

t.test('80 octets of key fill the structure, whatever their characters', async (t) => {
  const { value } = md5Key(v4, 'é'.repeat(40))
  t.strictSame([value.length, value[130], Buffer.from(value.subarray(136)).toString()], [216, 80, 'é'.repeat(40)])
})

t.test('sockaddr_in6 has the port in network order and the scope at its end', async (t) => {
  const bytes = socketAddress(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 179, 3)
  t.equal(Buffer.from(bytes).toString('hex'), '0a0000b300000000fe80000000000000000000000000000103000000')
})

t.test('RFC 5082 §3 the TTL of a SYN is in its IP header', async (t) => {
  const header = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
  const v4 = header('450000280000400009060000 0a630002 0a630001'.replaceAll(' ', ''))
  const v6 = header(`600000000014 06 fe ${'00'.repeat(32)}`.replaceAll(' ', ''))
  t.strictSame([synTtl(v4), synTtl(v6), synTtl(new Uint8Array(0))], [9, 254, undefined])
})
