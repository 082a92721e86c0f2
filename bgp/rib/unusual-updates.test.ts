/** UPDATEs that a peer may well send and that are easily taken for something else. */
import t from 'tap'
import { parseAddress } from '../../src/net/address.ts'
import { asn } from '../../src/net/asn.ts'
import { endOfRib } from '../wire/end-of-rib.ts'
import { headerLength } from '../wire/message.ts'
import { Rib } from './rib.ts'

const families = ['ipv4-unicast', 'ipv6-unicast'] as const

function address(text: string) {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

/** A RIB of AS 65001 with one established external peer of AS 65002, and what that peer sends. */
function established() {
  const finished: string[] = []
  const rib = new Rib(
    { asNumber: 65001, routerId: 0x0a00_0001, localAddress: { ipv4: address('10.0.0.1') } },
    { nextHopMetric: () => 0, onBest() {}, onOutput() {}, onEndOfRib: (_peer, family) => finished.push(family), onNote() {} },
  )
  const peer = rib.addPeer({
    name: 'peer',
    address: address('10.0.0.2'),
    asNumber: asn(65002),
    port: 179,
    passive: false,
    families,
    routeReflectorClient: false,
    holdTimeSec: 90,
    maxPrefixes: 0,
    import: 'all',
    export: 'all',
  })
  rib.sessionUp(peer, { families, fourOctetAs: true, maxMessageLength: 4096, remoteRouterId: 2, localAddress: address('10.0.0.1') })
  const receive = (hex: string) => rib.receive(peer, Buffer.from(hex.replaceAll(' ', ''), 'hex'), 0, hex.replaceAll(' ', '').length / 2)
  return { rib, peer, receive, finished }
}

t.test('RFC 4724 §2 End-of-RIB is known in each form: of IPv4, and with a one-octet or two-octet attribute length', async (t) => {
  const { receive, finished } = established()
  receive('0000 0000')
  receive('0000 0006 800f03 000201')
  receive('0000 0007 900f0003 000201')
  t.strictSame(finished, ['ipv4-unicast', 'ipv6-unicast', 'ipv6-unicast'])
})

t.test('RFC 4724 §2 we know our own End-of-RIB when another node of ours sends it', async (t) => {
  const { receive, finished } = established()
  for (const family of families) receive(Buffer.from(endOfRib(family).subarray(headerLength)).toString('hex'))
  t.strictSame(finished, ['ipv4-unicast', 'ipv6-unicast'])
})

const announced = (prefix: string) => `0000 0014 400101 00 400206 0201 0000fdea 400304 0a000002 ${prefix}`

for (const [title, prefix] of [
  ['0/8', '08 00'],
  ['inside 0/8', '10 0001'],
  ['127/8', '08 7f'],
  ['224/4', '04 e0'],
  ['240/4', '08 f0'],
] as const)
  t.test(`RFC 4271 §6.3, RFC 6890 a prefix that is no unicast destination is ignored: ${title}`, async (t) => {
    const { rib, peer, receive } = established()
    t.equal(receive(announced(prefix)), undefined)
    t.equal(rib.counts(peer, 'ipv4-unicast').received, 0)
  })

t.test('RFC 4271 §6.3 the default route is a prefix as any other', async (t) => {
  const { rib, peer, receive } = established()
  t.equal(receive(announced('00')), undefined)
  t.equal(rib.counts(peer, 'ipv4-unicast').received, 1)
})

/** 2001:db8::1 | fd00:0:0:1::/64 */
const reach = `0002 01 10 20010db8${'00'.repeat(11)}01 00 40 fd00000000000001`

/** The body of an UPDATE with these attributes alone. */
function bodyOf(attributes: string): string {
  const octets = attributes.replaceAll(' ', '').length / 2
  return `0000 ${octets.toString(16).padStart(4, '0')} ${attributes}`
}

t.test(
  'RFC 7606 §4 an attribute that overruns by as much as MP_REACH_NLRI without its prefixes is long: treated as withdrawn',
  async (t) => {
    const { rib, peer, receive } = established()
    t.equal(receive(bodyOf(`800e1e ${reach} 400101 00 400206 0201 0000fdea 400600`)), undefined)
    t.equal(rib.counts(peer, 'ipv6-unicast').received, 1)
    // 25 octets more than are there: header, AFI, SAFI, length, next hop, reserved
    t.equal(receive(bodyOf(`800e1e ${reach} 400101 00 400206 0201 0000fdea 400304 c0000201 400619`)), undefined)
    t.equal(rib.counts(peer, 'ipv6-unicast').received, 0)
  },
)

t.test('RFC 7606 §3 c wrong flags of MP_REACH_NLRI or of MP_UNREACH_NLRI beside it: treated as withdrawn', async (t) => {
  const { rib, peer, receive } = established()
  const good = bodyOf(`800e1e ${reach} 400101 00 400206 0201 0000fdea`)
  for (const wrong of [
    bodyOf(`c00e1e ${reach} 400101 00 400206 0201 0000fdea`),
    bodyOf(`800e1e ${reach} 400101 00 400206 0201 0000fdea c00f03 000201`),
  ]) {
    t.equal(receive(good), undefined)
    t.equal(rib.counts(peer, 'ipv6-unicast').received, 1)
    t.equal(receive(wrong), undefined)
    t.equal(rib.counts(peer, 'ipv6-unicast').received, 0)
  }
})

t.test('RFC 4760 §7 a family nobody agreed on, with the longest next hop there can be: ignored', async (t) => {
  const { receive } = established()
  const value = `0019 41 ff ${'20'.repeat(255)} 00`
  t.equal(receive(bodyOf(`900e0104 ${value} 400101 00 400206 0201 0000fdea`)), undefined)
})
