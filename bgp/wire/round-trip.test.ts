/** A whole stream: messages of every kind encoded, cut anywhere, framed and decoded again. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { BgpError } from './bgp-error.ts'
import { decodeControl } from './control-message.ts'
import { decodeAttributes } from './decode-attributes.ts'
import { encodeAttributes } from './encode-attributes.ts'
import { endOfRib, isEndOfRib } from './end-of-rib.ts'
import { anyAttributes, concat, internal, toHex } from './fixture.ts'
import { Framer } from './framer.ts'
import { encodeKeepAlive } from './keepalive.ts'
import type { AddressFamily } from './message.ts'
import { emptyMpRanges, finishReach, finishUnreach, locateMp, startReach, startUnreach } from './multiprotocol.ts'
import { checkNlri } from './nlri.ts'
import { encodeNotification } from './notification.ts'
import type { PathAttributes } from './path-attributes.ts'
import { encodeRouteRefresh } from './route-refresh.ts'
import { emptyUpdateRanges, finishAnnounce, finishWithdraw, splitUpdate, startAnnounce, startWithdraw } from './update.ts'

/** What a stream is made of: bytes, and what is to be read from them. */
type Said = { readonly bytes: Uint8Array; readonly meaning: unknown }

/** `prefixes` and what `write` puts around them. */
function update(prefixes: Uint8Array, start: (into: Uint8Array) => number, finish: (into: Uint8Array, end: number) => number): Uint8Array {
  const into = new Uint8Array(9000).fill(0xaa)
  const at = start(into)
  into.set(prefixes, at)
  return into.slice(0, finish(into, at + prefixes.length))
}

function announce(prefixes: Uint8Array, attributes: PathAttributes): Said {
  const block = encodeAttributes(attributes, internal)
  const bytes = update(
    prefixes,
    (into) => startAnnounce(into, 0, block),
    (into, end) => finishAnnounce(into, 0, end),
  )
  return { bytes, meaning: { family: 'ipv4-unicast', announced: toHex(prefixes), attributes } }
}

function withdraw(prefixes: Uint8Array): Said {
  const bytes = update(
    prefixes,
    () => startWithdraw(0),
    (into, end) => finishWithdraw(into, 0, end),
  )
  return { bytes, meaning: { family: 'ipv4-unicast', withdrawn: toHex(prefixes) } }
}

function announce6(prefixes: Uint8Array, attributes: PathAttributes): Said {
  const bytes = update(
    prefixes,
    (into) => startReach(into, 0, 'ipv6-unicast', attributes.nextHop),
    (into, end) => finishReach(into, 0, end, encodeAttributes(attributes, internal)),
  )
  return { bytes, meaning: { family: 'ipv6-unicast', announced: toHex(prefixes), attributes } }
}

function withdraw6(prefixes: Uint8Array): Said {
  const bytes = update(
    prefixes,
    (into) => startUnreach(into, 0, 'ipv6-unicast'),
    (into, end) => finishUnreach(into, 0, end),
  )
  return { bytes, meaning: { family: 'ipv6-unicast', withdrawn: toHex(prefixes) } }
}

function understand(type: number, bytes: Uint8Array, start: number, end: number): unknown {
  if (type !== 2) return decodeControl(type, bytes, start, end)
  const parts = emptyUpdateRanges()
  const mp = emptyMpRanges()
  const error = splitUpdate(bytes, start, end, parts) ?? locateMp(bytes, parts.attributesStart, parts.attributesEnd, mp)
  if (error !== undefined) return error
  const family = isEndOfRib(parts, mp)
  if (family !== undefined) return { endOfRib: family }
  if (mp.unreachStart !== -1) return prefixesOf('withdrawn', 'ipv6-unicast', bytes, mp.unreachNlriStart, mp.unreachNlriEnd)
  if (parts.withdrawnStart < parts.withdrawnEnd)
    return prefixesOf('withdrawn', 'ipv4-unicast', bytes, parts.withdrawnStart, parts.withdrawnEnd)
  const announced =
    mp.reachStart === -1
      ? prefixesOf('announced', 'ipv4-unicast', bytes, parts.nlriStart, parts.nlriEnd)
      : prefixesOf('announced', 'ipv6-unicast', bytes, mp.reachNlriStart, mp.reachNlriEnd)
  const decoded = decodeAttributes(bytes, parts.attributesStart, parts.attributesEnd, internal, true)
  return decoded instanceof BgpError ? decoded : { ...announced, attributes: decoded.attributes }
}

function prefixesOf(what: 'announced' | 'withdrawn', family: AddressFamily, bytes: Uint8Array, start: number, end: number): object {
  assert.equal(checkNlri(bytes, start, end, family === 'ipv4-unicast' ? 32 : 128), undefined)
  return { family, [what]: toHex(bytes.subarray(start, end)) }
}

const anyPrefixes = (bits: 32 | 128): fc.Arbitrary<Uint8Array> => {
  const anyPrefix = fc
    .tuple(fc.nat(bits), fc.uint8Array({ minLength: 16, maxLength: 16 }))
    .map(([length, octets]) => Uint8Array.from([length, ...octets.subarray(0, Math.ceil(length / 8))]))
  return fc.array(anyPrefix, { minLength: 1, maxLength: 20 }).map((list) => concat(...list))
}
const anyNextHop6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => Uint8Array.from([0xfd, ...octets.subarray(1)]))
const anyFamily = fc.constantFrom('ipv4-unicast' as const, 'ipv6-unicast' as const)

const anySaid: fc.Arbitrary<Said> = fc.oneof(
  fc.tuple(anyPrefixes(32), anyAttributes).map(([prefixes, attributes]) => announce(prefixes, attributes)),
  fc
    .tuple(anyPrefixes(128), anyAttributes, anyNextHop6)
    .map(([prefixes, attributes, nextHop]) => announce6(prefixes, { ...attributes, nextHop })),
  anyPrefixes(32).map(withdraw),
  anyPrefixes(128).map(withdraw6),
  anyFamily.map((family) => ({ bytes: endOfRib(family), meaning: { endOfRib: family } })),
  fc.constant({ bytes: encodeKeepAlive(), meaning: { type: 'keepalive' } }),
  fc.tuple(fc.nat(65535), fc.nat(255), fc.nat(255)).map(([afi, safi, subtype]) => {
    const meaning = { type: 'route-refresh', afi, safi, subtype } as const
    return { bytes: encodeRouteRefresh(meaning), meaning }
  }),
  fc.tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 50 })).map(([code, subcode, data]) => ({
    bytes: encodeNotification(code, subcode, data),
    meaning: { type: 'notification', code, subcode, data },
  })),
)

t.test('what is said is what is understood', async () => {
  fc.assert(
    fc.property(fc.array(anySaid, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 6 }), (said, cuts) => {
      const stream = concat(...said.map(({ bytes }) => bytes))
      const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].toSorted((a, b) => a - b)
      const understood: unknown[] = []
      const framer = Object.assign(new Framer(), { maxMessageLength: 65535 })
      for (const [i, end] of places.slice(1).entries()) {
        const error = framer.push(stream.slice(places[i], end), (type, bytes, from, to) => {
          understood.push(understand(type, bytes, from, to))
        })
        assert.equal(error, undefined)
      }
      assert.deepEqual(
        understood,
        said.map(({ meaning }) => meaning),
      )
    }),
    { numRuns: 200 },
  )
})
