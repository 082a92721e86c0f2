import t from 'tap'
import type { AddressFamily, Capability } from '../wire/message.ts'
import { type AddPathOffer, addPathCapabilities, addPathTerms } from './add-path-terms.ts'

const both: readonly AddressFamily[] = ['ipv4-unicast', 'ipv6-unicast']
const told = (...families: [afi: number, safi: number, mode: number][]): Capability => ({
  type: 'add-path',
  families: families.map(([afi, safi, mode]) => ({ afi, safi, receive: (mode & 1) !== 0, send: (mode & 2) !== 0 })),
})

t.test('RFC 7911 §4: nothing is announced where nothing is wanted, else every family of ours', async (t) => {
  t.same(addPathCapabilities(undefined, both), [])
  t.same(addPathCapabilities({ receive: false, send: false }, both), [])
  t.same(addPathCapabilities({ receive: true, send: false }, both), [told([1, 1, 1], [2, 1, 1])])
})

const table: [title: string, offer: AddPathOffer | undefined, theirs: Capability[], receive: string, send: string][] = [
  ['we want nothing', undefined, [told([1, 1, 3])], '', ''],
  ['the peer says nothing', { receive: true, send: true }, [], '', ''],
  ['both do both', { receive: true, send: true }, [told([1, 1, 3], [2, 1, 3])], 'ipv4-unicast ipv6-unicast', 'ipv4-unicast ipv6-unicast'],
  ['what one sends the other must receive', { receive: true, send: false }, [told([1, 1, 1], [2, 1, 2])], 'ipv6-unicast', ''],
  ['each direction for itself', { receive: true, send: true }, [told([1, 1, 1], [2, 1, 2])], 'ipv6-unicast', 'ipv4-unicast'],
  ['a family we do not speak', { receive: true, send: true }, [told([1, 128, 3], [25, 65, 3])], '', ''],
  ['of a capability sent twice the last counts', { receive: true, send: true }, [told([1, 1, 3]), told([1, 1, 1])], '', 'ipv4-unicast'],
]
for (const [title, offer, theirs, receive, send] of table)
  t.test(`RFC 7911 §4: ${title}`, async (t) => {
    const { addPathReceive = [], addPathSend = [] } = addPathTerms(offer, theirs, both)
    t.same([addPathReceive.join(' '), addPathSend.join(' ')], [receive, send])
  })
