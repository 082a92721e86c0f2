import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { fault, hex, message, times, toHex } from './fixture.ts'
import { Framer } from './framer.ts'

/** What comes out of the chunks: "type body" of each message, and at last the error, if there is one. */
function run(chunks: readonly Uint8Array[], framer: Framer = new Framer()): unknown[] {
  const seen: unknown[] = []
  for (const chunk of chunks) {
    const error = framer.push(chunk, (type, bytes, start, end) => seen.push(`${type} ${toHex(bytes.subarray(start, end))}`))
    if (error !== undefined) seen.push(fault(error))
  }
  return seen
}

function withLength(type: number, length: number): Uint8Array {
  const bytes = message(type, new Uint8Array(Math.max(0, length - 19)))
  bytes[16] = length >>> 8
  bytes[17] = length
  return bytes
}

const keepalive = message(4, '')
const refresh = message(5, '0001 00 01')
const extended = () => Object.assign(new Framer(), { maxMessageLength: 65535 })
const marker = message(4, '').fill(0xfe, 15, 16)
const update = (length: number) => withLength(2, length)
const body = (length: number) => `2 ${'00'.repeat(length - 19)}`

const table: [title: string, bytes: Uint8Array, expected: unknown[], framer?: () => Framer][] = [
  ['§6.1: a marker that is not all ones is 1/1', marker, ['1/1']],
  ['§6.1: length 0 is 1/2 with the length as data', withLength(2, 0), ['1/2 0000']],
  ['§6.1: length 18 is 1/2', withLength(4, 18), ['1/2 0012']],
  ['§6.1: length 4097 is 1/2', update(4097), ['1/2 1001']],
  ['§6.1: length 65535 is 1/2', update(65535), ['1/2 ffff']],
  ['§4.1: length 4096 is a message', update(4096), [body(4096)]],
  ['§6.1: UPDATE of 22 octets is 1/2', update(22), ['1/2 0016']],
  ['§6.1: OPEN of 28 octets is 1/2', withLength(1, 28), ['1/2 001c']],
  ['§6.1: KEEPALIVE of 20 octets is 1/2', withLength(4, 20), ['1/2 0014']],
  ['RFC 2918 §3: ROUTE-REFRESH of 21 octets is 1/2', withLength(5, 21), ['1/2 0015']],
  ['§6.4: a NOTIFICATION of 20 octets is handed on, since it is never answered', message(3, '06'), ['3 06']],
  ['§6.4: a NOTIFICATION of 19 octets too', message(3, ''), ['3 ']],
  ['§6.1: type 0 is 1/3 with the type as data', message(0, ''), ['1/3 00']],
  ['§6.1: type 6 is 1/3', message(6, ''), ['1/3 06']],
  ['§6.1: type 255 is 1/3', message(255, ''), ['1/3 ff']],
  ['RFC 8654 §4: length 65535 once agreed on', update(65535), [body(65535)], extended],
  ['RFC 8654 §4: OPEN is never over 4096', withLength(1, 4097), ['1/2 1001'], extended],
  ['RFC 8654 §4: KEEPALIVE is never over 19', withLength(4, 4097), ['1/2 1001'], extended],
]
for (const [title, bytes, expected, framer = () => new Framer()] of table) {
  const name = title.startsWith('§') ? `RFC 4271 ${title}` : title
  t.test(name, async (t) => t.strictSame(run([bytes], framer()), expected))
  t.test(`${name}, an octet at a time`, async (t) => {
    t.strictSame(
      run(
        Array.from(bytes, (octet) => Uint8Array.of(octet)),
        framer(),
      ),
      expected,
    )
  })
}

t.test('RFC 4271 §4.1: ten messages in one segment', async (t) => {
  const chunk = Uint8Array.from(times(10, refresh).flatMap((bytes) => [...bytes]))
  t.strictSame(run([chunk]), times(10, '5 00010001'))
})

t.test('whole messages are not copied', async (t) => {
  const chunk = Uint8Array.from([...refresh, ...keepalive])
  const framer = new Framer()
  framer.push(chunk, (_type, bytes) => t.equal(bytes, chunk))
  t.plan(2)
})

t.test('what follows an error is not read', async (t) => {
  t.strictSame(run([Uint8Array.from([...keepalive, ...message(6, ''), ...keepalive]), keepalive]), ['4 ', '1/3 06'])
})

t.test('returning false ends it, in this chunk and for good', async (t) => {
  const framer = new Framer()
  let calls = 0
  const stop = () => {
    calls += 1
    return false
  }
  framer.push(Uint8Array.from([...keepalive, ...keepalive]), stop)
  framer.push(keepalive, stop)
  t.equal(calls, 1)
})

t.test('RFC 8654 §4: the limit may rise between two messages of a chunk', async (t) => {
  const framer = new Framer()
  const types: number[] = []
  const error = framer.push(Uint8Array.from([...keepalive, ...update(5000)]), (type) => {
    types.push(type)
    framer.maxMessageLength = 65535
  })
  t.equal(error, undefined)
  t.strictSame(types, [4, 2])
})

t.test('a message that straddles chunks holds nothing of them', async (t) => {
  const first = refresh.slice(0, 20)
  const framer = new Framer()
  framer.push(first, () => t.fail('too early'))
  first.fill(0)
  framer.push(refresh.slice(20), (_type, bytes, start, end) => t.strictSame(bytes.slice(start, end), hex('00010001')))
  t.plan(1)
})

t.test('after a long message a short one is delivered with its own length', async (t) => {
  const bytes = Uint8Array.from([...update(300), ...refresh, ...keepalive])
  t.strictSame(run(Array.from(bytes, (octet) => Uint8Array.of(octet))), [body(300), '5 00010001', '4 '])
})

const anyMessage = fc.oneof(
  fc.constant(keepalive),
  fc.constant(refresh),
  fc.uint8Array({ minLength: 4, maxLength: 200 }).map((octets) => message(2, octets)),
  fc.uint8Array({ minLength: 10, maxLength: 60 }).map((octets) => message(1, octets)),
)

t.test('any split of a stream gives the same messages', async () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), (messages, cuts) => {
      const stream = Uint8Array.from(messages.flatMap((bytes) => [...bytes]))
      const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].toSorted((a, b) => a - b)
      const chunks = places.slice(1).map((end, i) => stream.slice(places[i], end))
      assert.deepEqual(
        run(chunks),
        messages.map((bytes) => `${bytes[18]} ${toHex(bytes.subarray(19))}`),
      )
    }),
  )
})

t.test('any split of noise ends in the same way, and never throws', async () => {
  const noise = fc.tuple(anyMessage, fc.nat(18), fc.nat(255), fc.uint8Array({ maxLength: 60 })).map(([bytes, at, octet, rest]) => {
    const bent = Uint8Array.from([...bytes, ...rest])
    bent[at] = octet
    return bent
  })
  fc.assert(
    fc.property(noise, (bytes) => {
      assert.deepEqual(run(Array.from(bytes, (octet) => Uint8Array.of(octet))), run([bytes]))
    }),
  )
})
