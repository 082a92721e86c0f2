import fc from 'fast-check'
import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import { AddressView } from './address-view.ts'
import type { AddressMessage, KernelAddress } from './netlink-address.ts'
import type { KernelLink } from './netlink-link.ts'

const link = (index: number, name: string): KernelLink => ({ index, name, up: false, mtu: 1500, ipip: false })
const links = new Map([link(1, 'lo'), link(2, 'eth0'), link(3, 'eth1')].map((one) => [one.index, one]))
const known = { byIndex: (index: number) => links.get(index) }

const address = (index: number, text: string, length = 24, label?: string): KernelAddress => {
  return { index, family: 4, address: text as IpAddress, length, ...(label !== undefined && { label }) }
}

/** @param heard what is told while the kernel answers */
async function read(view: AddressView, all: readonly KernelAddress[], heard: readonly AddressMessage[] = []): Promise<boolean> {
  const addresses = async () => {
    for (const message of heard) view.observe(message)
    return all
  }
  return view.read({ addresses })
}

t.test('addresses are those of links, whatever their label, up or not; loopback and links that are gone have none', async (t) => {
  const view = new AddressView()
  t.equal(view.byLink(known), undefined)
  const all = [address(1, '10.9.9.9'), address(2, '192.0.2.1'), address(2, '192.0.2.5', 32, 'eth0:vip'), address(9, '192.0.2.9')]
  t.equal(await read(view, all), true)
  t.strictSame(view.byLink(known), new Map([['eth0', new Set(['192.0.2.1', '192.0.2.5'])]]))
  t.equal(await read(view, all.toReversed()), false, 'read again, it is the same')
})

t.test('an address in two subnets is there until both are gone', async (t) => {
  const view = new AddressView()
  await read(view, [address(3, '192.0.2.1', 24), address(3, '192.0.2.1', 32)])
  view.observe({ address: address(3, '192.0.2.1', 32), gone: true })
  t.strictSame(view.byLink(known), new Map([['eth1', new Set(['192.0.2.1'])]]))
  view.observe({ address: address(3, '192.0.2.1', 24), gone: true })
  t.strictSame(view.byLink(known), new Map())
})

t.test('whenever the kernel answered, what was told before and after ends in what it has', async () => {
  const one = fc.record({
    address: fc.constantFrom(address(2, '192.0.2.1'), address(2, '192.0.2.2'), address(3, '192.0.2.1')),
    gone: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(one), fc.nat(), fc.nat(), async (history, a, b) => {
      const direct = new AddressView()
      await read(direct, [])
      for (const message of history) direct.observe(message)
      const [first, answered] = [a, b].map((n) => n % (history.length + 1)).toSorted((x, y) => x - y)
      const view = new AddressView()
      for (const message of history.slice(0, first)) view.observe(message)
      const there = new Map<string, KernelAddress>()
      for (const { address: changed, gone } of history.slice(0, answered)) {
        if (gone) there.delete(JSON.stringify(changed))
        else there.set(JSON.stringify(changed), changed)
      }
      await read(view, [...there.values()], history.slice(first))
      const plain = (shown: AddressView) =>
        [...(shown.byLink(known) ?? [])].map(([name, own]) => `${name} ${[...own].toSorted().join()}`).toSorted()
      return plain(view).join() === plain(direct).join()
    }),
  )
})
