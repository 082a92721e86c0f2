import { BgpError } from '../wire/bgp-error.ts'
import { decodeAttributes } from '../wire/decode-attributes.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import type { ExportTerms } from './export.ts'
import type { Outgoing } from './outgoing.ts'

/** What the octets say that peers with these terms are sent. */
export function attributesToldIn({ bytes, nextHop }: Outgoing, terms: Pick<ExportTerms, 'fourOctetAs' | 'internal'>): PathAttributes {
  const { fourOctetAs, internal } = terms
  const decoded = decodeAttributes(bytes, 0, bytes.length, { fourOctetAs, internal, peerAs: 1, localAs: 1, allowAsSet: true }, false)
  if (decoded instanceof BgpError || decoded.attributes === undefined) throw new Error('attributes of our own cannot be read')
  return nextHop.length === 0 ? decoded.attributes : { ...decoded.attributes, nextHop }
}
