import t from 'tap'
import { rankByAddress } from './address-rank.ts'
import { address, peerConfig } from './fixture.ts'
import { PeerSlot } from './peer-slot.ts'

t.test('RFC 4271 §9.1.2.2 g: peers in the order of their addresses as numbers, IPv4 before IPv6, whatever their order here', async (t) => {
  const addresses = ['fd00::2', '10.0.0.10', '10.0.0.9', '9.0.0.1', 'fd00::10']
  const slots = addresses.map((text, i) => new PeerSlot(i + 1, peerConfig(text, { address: address(text) }), 65000))
  const all = [new PeerSlot(0, undefined, 65000), slots[0], undefined, ...slots.slice(1)]
  rankByAddress(all)
  const named = slots.toSorted((a, b) => a.addressRank - b.addressRank).map(({ config }) => config?.name)
  t.strictSame(named, ['9.0.0.1', '10.0.0.9', '10.0.0.10', 'fd00::2', 'fd00::10'])
  t.equal(all[0]?.addressRank, 0)
})
