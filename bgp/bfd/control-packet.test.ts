import fc from 'fast-check'
import t from 'tap'
import { bfdStates, type ControlPacket, decodeControlPacket, encodeControlPacket } from './control-packet.ts'
import { packet } from './fixture.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const intervals = '000493e0 000493e0 00000000'

const read: [title: string, bytes: string, expected: ControlPacket | string][] = [
  ['§4.1: a packet of a session that is Up', `20 c0 03 18 00000009 00000001 ${intervals}`, packet()],
  [
    '§4.1: every bit that may be set together',
    `21 6a 01 18 ffffffff 80000000 00000001 ffffffff 00000003`,
    packet({
      diagnostic: 1,
      state: 'Down',
      poll: true,
      controlPlaneIndependent: true,
      demand: true,
      detectMult: 1,
      myDiscriminator: 0xffff_ffff,
      yourDiscriminator: 0x8000_0000,
      desiredMinTxUs: 1,
      requiredMinRxUs: 0xffff_ffff,
      requiredMinEchoRxUs: 3,
    }),
  ],
  ['§4.1: F', `20 d0 03 18 00000009 00000001 ${intervals}`, packet({ final: true })],
  ['§6.8.6: what follows the length is not looked at', `20 c0 03 18 00000009 00000001 ${intervals} ffff`, packet()],
  ['§6.8.6: Your Discriminator 0 in Down', `20 40 03 18 00000009 00000000 ${intervals}`, packet({ state: 'Down', yourDiscriminator: 0 })],
  [
    '§6.8.6: Your Discriminator 0 in AdminDown',
    `27 00 03 18 00000009 00000000 ${intervals}`,
    packet({ diagnostic: 7, state: 'AdminDown', yourDiscriminator: 0 }),
  ],
  ['§6.8.6: version 0', `00 c0 03 18 00000009 00000001 ${intervals}`, 'version'],
  ['§6.8.6: version 2', `40 c0 03 18 00000009 00000001 ${intervals}`, 'version'],
  ['§6.8.6: an empty datagram', '', 'length'],
  ['§6.8.6: a datagram one octet short', `20 c0 03 18 00000009 00000001 000493e0 000493e0 000000`, 'length'],
  ['§6.8.6: length 23', `20 c0 03 17 00000009 00000001 ${intervals}`, 'length'],
  ['§6.8.6: length 25 with A', `20 c4 03 19 00000009 00000001 ${intervals} 0102`, 'length'],
  ['§6.8.6: more length than datagram', `20 c0 03 19 00000009 00000001 ${intervals}`, 'length'],
  ['§6.8.6: detect multiplier 0', `20 c0 00 18 00000009 00000001 ${intervals}`, 'detect-mult'],
  ['§6.8.6: M', `20 c1 03 18 00000009 00000001 ${intervals}`, 'multipoint'],
  ['§6.8.6: My Discriminator 0', `20 c0 03 18 00000000 00000001 ${intervals}`, 'my-discriminator'],
  ['§6.8.6: Your Discriminator 0 in Up', `20 c0 03 18 00000009 00000000 ${intervals}`, 'your-discriminator'],
  ['§6.8.6: Your Discriminator 0 in Init', `20 80 03 18 00000009 00000000 ${intervals}`, 'your-discriminator'],
  ['§6.8.6: A, where no authentication is in use', `20 c4 03 1a 00000009 00000001 ${intervals} 0102`, 'authentication'],
  ['§6.8.6: the first wrong field is the reason', `40 c5 00 17 00000000 00000000 ${intervals}`, 'version'],
]
for (const [title, bytes, expected] of read) t.test(title, async (t) => t.strictSame(decodeControlPacket(hex(bytes)), expected))

t.test('§4.1: a packet as it goes out', async (t) => {
  const bytes = encodeControlPacket(packet({ diagnostic: 3, state: 'Init', poll: true, detectMult: 255 }))
  t.equal(Buffer.from(bytes).toString('hex'), '23a0ff18000000090000000100' + '0493e0000493e000000000')
})

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const anyPacket = fc.record(
  {
    diagnostic: fc.nat(31),
    state: fc.constantFrom(...bfdStates),
    poll: fc.boolean(),
    final: fc.boolean(),
    controlPlaneIndependent: fc.boolean(),
    demand: fc.boolean(),
    detectMult: fc.integer({ min: 1, max: 255 }),
    myDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
    yourDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
    desiredMinTxUs: u32,
    requiredMinRxUs: u32,
    requiredMinEchoRxUs: u32,
  },
  { noNullPrototype: true },
)

t.test('any packet survives encoding and decoding', async (t) => {
  fc.assert(fc.property(anyPacket, (packet) => t.strictSame(decodeControlPacket(encodeControlPacket(packet)), packet)))
})

t.test('noise never throws, and what is taken is within its ranges', async () => {
  const noise = fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated())
  fc.assert(
    fc.property(noise, (bytes) => {
      const result = decodeControlPacket(bytes)
      if (typeof result === 'string') return true
      const known = result.yourDiscriminator !== 0 || result.state === 'Down' || result.state === 'AdminDown'
      return bytes.length >= 24 && result.detectMult > 0 && result.myDiscriminator > 0 && result.diagnostic < 32 && known
    }),
    { numRuns: 2000 },
  )
})

/** A packet with one octet changed: noise alone hardly ever passes the first check. */
function mutated(): fc.Arbitrary<Uint8Array> {
  return fc.tuple(anyPacket, fc.nat(23), fc.nat(255)).map(([packet, at, value]) => {
    const bytes = encodeControlPacket(packet)
    bytes[at] = value
    return bytes
  })
}
