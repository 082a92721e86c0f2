import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { asPathLength } from './as-path.ts'
import { attributeType } from './attribute-type.ts'
import { BgpError } from './bgp-error.ts'
import { anyBlock, anyOrdinaryBlock } from './block.fixture.ts'
import { decodeAttributes } from './decode-attributes.ts'
import { attribute, concat, external, hex, internal, mandatory, old, sample } from './fixture.ts'
import { u32At } from './octets.ts'
import type { PathAttributes } from './path-attributes.ts'
import { type AttributeScan, emptyScan, scanAttributes } from './scan-attributes.ts'
import type { DecodeContext } from './update.ts'

const localAs = 65000

function u32s(bytes: Uint8Array, start: number, end: number): number[] {
  return Array.from({ length: (end - start) / 4 }, (_, i) => u32At(bytes, start + i * 4))
}

/** What a scan found, in the words of the decoder. */
function found(scan: AttributeScan, bytes: Uint8Array) {
  const { origin, asPathLength: length, neighborAs, ownAsCount, med, localPref, originatorId } = scan
  return {
    origin,
    length,
    neighborAs,
    ownAsCount,
    med,
    localPref,
    originatorId,
    nextHop: bytes.slice(scan.nextHopStart, scan.nextHopEnd),
    clusterList: u32s(bytes, scan.clusterListStart, scan.clusterListEnd),
    communities: u32s(bytes, scan.communitiesStart, scan.communitiesEnd),
  }
}

function expected(attributes: PathAttributes) {
  const { origin, asPath, med, localPref, originatorId, nextHop, clusterList = [], communities = [] } = attributes
  const numbers = asPath.flatMap(({ asNumbers }) => asNumbers)
  return {
    origin,
    length: asPathLength(asPath),
    neighborAs: numbers[0] ?? 0,
    med,
    localPref,
    originatorId,
    nextHop,
    clusterList,
    communities,
    ownAsCount: numbers.filter((asNumber) => asNumber === localAs).length,
  }
}

const scan = emptyScan()
/** Somewhere in the middle of other octets. */
function scanned(block: Uint8Array, context: DecodeContext): { readonly taken: boolean; readonly bytes: Uint8Array } {
  const bytes = concat(hex('ff ff'), block, hex('40 01 01'))
  return { taken: scanAttributes(bytes, 2, 2 + block.length, context, localAs, scan), bytes }
}

t.test('RFC 7606: whatever the block, the scan says what the decoder says, or nothing', async () => {
  let taken = 0
  fc.assert(
    fc.property(anyBlock, fc.constantFrom(external, internal, old, { ...external, peerAs: 7, enforceFirstAs: false }), (block, context) => {
      const result = scanned(block, context)
      if (!result.taken) return
      taken += 1
      const decoded = decodeAttributes(block, 0, block.length, context, true)
      if (decoded instanceof BgpError || decoded.attributes === undefined) assert.fail('the decoder refuses it')
      assert.deepEqual(decoded.notes, [])
      assert.deepEqual(found(scan, result.bytes), expected(decoded.attributes))
    }),
    { numRuns: 3000 },
  )
  assert.ok(taken > 300, `only ${taken} blocks were taken`)
})

t.test('never throws on noise, and takes none', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (block) => {
      if (scanned(block, internal).taken) assert.ok(!(decodeAttributes(block, 0, block.length, internal, true) instanceof BgpError))
    }),
    { numRuns: 1000 },
  )
})

t.test('a block as peers send it is taken', async () => {
  fc.assert(
    fc.property(anyOrdinaryBlock(true, 4), (block) => {
      assert.equal(scanned(block, internal).taken, true)
    }),
  )
})

const communities = attribute(0xc0, attributeType.communities, '00010002')
const large = (...values: string[]) =>
  attribute(0xc0, attributeType.largeCommunities, values.map((value) => value.padStart(24, '0')).join(''))

const cases: [title: string, block: Uint8Array, context: DecodeContext, expected: 'plain' | 'taken' | 'declined'][] = [
  ['what must be there', mandatory, external, 'plain'],
  ['RFC 4271 §5: out of order is legal, and not rewritten as it lies', concat(communities, mandatory), external, 'taken'],
  ['RFC 4760 §3: MP_REACH_NLRI may stand anywhere', concat(sample.reach, sample.origin, sample.asPath), external, 'plain'],
  ['RFC 8092 §3: a large community twice', concat(mandatory, large('1', '2', '1')), external, 'taken'],
  ['large communities, each once', concat(mandatory, large('1', '2', '3')), external, 'plain'],
  ['RFC 4360 §6: an extended community for inside', concat(mandatory, attribute(0xc0, 16, '4002000100000001')), internal, 'taken'],
  ['an OLD speaker: AS_PATH has to be merged (RFC 6793 §4.2.3)', mandatory, old, 'declined'],
  ['LOCAL_PREF from outside (RFC 7606 §7.5)', concat(mandatory, attribute(0x40, 5, '00000064')), external, 'declined'],
  ['ORIGINATOR_ID from outside (RFC 7606 §7.9)', concat(mandatory, attribute(0x80, 9, '00000001')), external, 'declined'],
  ['CLUSTER_LIST from outside (RFC 7606 §7.10)', concat(mandatory, attribute(0x80, 10, '00000001')), external, 'declined'],
  ['AS4_PATH from a NEW speaker (RFC 6793 §4.1)', concat(mandatory, attribute(0xc0, 17, '02010000fde9')), external, 'declined'],
  ['the first AS is another one (RFC 4271 §6.3)', mandatory, { ...external, peerAs: 65002 }, 'declined'],
  ['the first AS may be another one', mandatory, { ...external, peerAs: 65002, enforceFirstAs: false }, 'plain'],
  ['AS_SET (RFC 9774)', concat(sample.origin, attribute(0x40, 2, '01010000fde9'), sample.nextHop), external, 'declined'],
  ['AS 0 (RFC 7607)', concat(sample.origin, attribute(0x40, 2, '02020000fde900000000'), sample.nextHop), external, 'declined'],
  ['an attribute twice', concat(mandatory, communities, communities), external, 'declined'],
  ['an unknown attribute twice', concat(mandatory, attribute(0xc0, 99, ''), attribute(0xc0, 99, '')), external, 'declined'],
  ['an unknown attribute twice, apart', concat(attribute(0xc0, 99, ''), mandatory, attribute(0xc0, 99, '')), external, 'declined'],
  ['an unknown well-known attribute', concat(mandatory, attribute(0x40, 99, '')), external, 'declined'],
  ['MP_UNREACH_NLRI', concat(mandatory, sample.unreach), external, 'declined'],
  ['no next hop', concat(sample.origin, sample.asPath), external, 'declined'],
  ['no ORIGIN', concat(sample.asPath, sample.nextHop), external, 'declined'],
  ['cut short', mandatory.subarray(0, mandatory.length - 1), external, 'declined'],
]
for (const [title, block, context, verdict] of cases)
  t.test(`${title}: ${verdict}`, async (t) => {
    const { taken } = scanned(block, context)
    t.equal(taken ? (scan.isPlain ? 'plain' : 'taken') : 'declined', verdict)
  })
