import t from 'tap'
import { address, families, peerConfig, RibLab, ribOptions, sessionTerms } from './fixture.ts'

const clusterId = 0x0c00_0001
const client = { asNumber: 65000, routeReflectorClient: true }

for (const [title, keep] of [
  ['with its routes kept', families],
  ['with its routes gone and back before anything is decided', []],
] as const)
  t.test(`RFC 4456 §8 a peer that comes back with another BGP Identifier is another ORIGINATOR_ID, ${title}`, async (t) => {
    const lab = new RibLab({ ...ribOptions, clusterId })
    const source = lab.peer('source', client, { remoteRouterId: 3 })
    const other = lab.peer('other', { ...client, address: address('10.0.0.3') })
    source.announce(['10.1.0.0/24'])
    lab.settle()
    const [before] = Object.values(other.known)
    t.match(before, 'originatorId 3')
    lab.rib.sessionDown(source.id, keep)
    source.up(sessionTerms({ remoteRouterId: 4 }))
    source.announce(['10.1.0.0/24'])
    lab.settle()
    t.strictSame(other.known, { '10.1.0.0/24': before?.replace('originatorId 3', 'originatorId 4') })
  })

t.test('RFC 4456 §6 a client replaced by a peer that is none is no longer reflected to those that are none', async (t) => {
  const lab = new RibLab({ ...ribOptions, clusterId })
  const inside = { asNumber: 65000 }
  const worse = lab.peer('worse', { ...inside, address: address('10.0.0.9') }, { remoteRouterId: 9 })
  const reader = lab.peer('reader', { ...inside, address: address('10.0.0.3') })
  const source = lab.peer('source', client)
  for (const peer of [worse, source]) peer.announce(['10.1.0.0/24'])
  lab.settle()
  t.strictSame(Object.keys(reader.known), ['10.1.0.0/24'])
  lab.rib.removePeer(source.id)
  const next = lab.peer('source', inside)
  next.announce(['10.1.0.0/24'])
  lab.settle()
  t.strictSame(reader.known, {})
  t.equal(lab.rib.query({ table: 'best', limit: 1 }).routes[0]?.paths[0]?.peer, 'source')
})

t.test('a removed peer is forgotten only when nothing of it is the best any more', async (t) => {
  const lab = new RibLab()
  const source = lab.peer('source')
  source.announce(Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`))
  lab.settle()
  lab.rib.removePeer(source.id)
  const reader = lab.peer('reader', { asNumber: 65002 })
  t.not(reader.id, source.id)
  t.equal(lab.rib.flush(0), true)
  lab.rib.query({ table: 'best', limit: 10_000 })
  lab.settle()
  t.strictSame(reader.known, {})
  t.equal(lab.rib.addPeer(peerConfig('next')), source.id)
  t.throws(() => lab.rib.removePeer(7), new Error('no peer 7'))
})
