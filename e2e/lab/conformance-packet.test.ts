import t from 'tap'
import { addressBytes, type PacketOptions, readPacket, type Service, type Stage, writePacket } from './conformance-packet.ts'

const services: readonly Service[] = [
  { protocol: 'tcp', port: 8080 },
  { protocol: 'udp', port: 53 },
  { protocol: 'udplite', port: 53 },
  { protocol: 'sctp', port: 3868 },
  { protocol: 'icmp', icmpType: 8 },
  { protocol: 'icmp', icmpType: 13 },
  { protocol: 'icmp6', icmpType: 128 },
  { protocol: 'other', number: 253 },
]

function packet(service: Service, stage: Stage, family: 4 | 6): Buffer {
  const [source, destination] = family === 4 ? ['10.0.0.1', '10.0.0.2'] : ['fd00::1', 'fd00::2']
  return writePacket({ id: 0xfffe_fdfc, stage, family, service, source, destination, clientPort: 20_000 } satisfies PacketOptions)
}

for (const service of services) {
  for (const stage of ['request', 'answer', 'later'] as const) {
    for (const family of [4, 6] as const) {
      t.test(`${stage} of ${JSON.stringify(service)} over IPv${family} is read back`, async (t) =>
        t.strictSame(readPacket(packet(service, stage, family)), { id: 0xfffe_fdfc, what: stage }),
      )
    }
  }
}

t.test('an ICMP error names the probe in it, though it carries 8 octets of TCP only', async (t) => {
  const inner = packet({ protocol: 'tcp', port: 80 }, 'request', 4).subarray(0, 28)
  const error = Buffer.concat([
    packet({ protocol: 'icmp', icmpType: 8 }, 'request', 4).subarray(0, 20),
    Buffer.from([3, 3, 0, 0, 0, 0, 0, 0]),
    inner,
  ])
  t.strictSame(readPacket(error), { id: 0xfffe_fdfc, what: 'error' })
})

t.test('an echo that carries the mark of its request is the answer', async (t) => {
  const echo = packet({ protocol: 'icmp', icmpType: 8 }, 'request', 4)
  echo[20] = 0
  t.strictSame(readPacket(echo), { id: 0xfffe_fdfc, what: 'answer' })
})

t.test('anything else is nobody’s: noise, and packets that are cut off', async (t) => {
  const whole = packet({ protocol: 'udp', port: 53 }, 'request', 4)
  for (let length = 0; length < whole.length; length++) t.equal(readPacket(whole.subarray(0, length)), undefined)
  t.equal(readPacket(Buffer.alloc(60, 0x45)), undefined)
})

t.test('addresses as octets', async (t) => {
  t.strictSame([...addressBytes('10.0.0.255')], [10, 0, 0, 255])
  t.equal(addressBytes('fd00:244:1::10').toString('hex'), 'fd000244000100000000000000000010')
  t.equal(addressBytes('::').toString('hex'), '0'.repeat(32))
})
