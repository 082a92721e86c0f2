import t from 'tap'
import type { AddressFamily } from '../wire/message.ts'
import { octets, RibLab } from './fixture.ts'
import type { RibWatcher } from './rib-watcher.ts'

/** Notes what it is told, "path 10.2.0.0/16 1", and is pending for what it was told until it is released. */
function watched(lab: RibLab) {
  const { reader } = lab.rib
  const told: string[] = []
  const pending = new Set<string>()
  const note = (line: string, family: AddressFamily, prefix: number, rest = '') => {
    told.push(`${line} ${reader.prefixes(family).format(prefix)}${rest}`)
    pending.add(`${family} ${prefix}`)
  }
  const watcher: RibWatcher = {
    pathChanged: (family, prefix, peer) => note('path', family, prefix, ` of ${peer}`),
    bestChanged: (family, prefix) => note('best', family, prefix),
    outChanged: (family, prefix, members, source) =>
      note('out', family, prefix, ` to ${members.flatMap(({ peer }) => (peer === source ? [] : [peer])).join('+')}`),
    isPending: (family, prefix) => pending.has(`${family} ${prefix}`),
  }
  const end = reader.watch(watcher)
  const take = () => told.splice(0).sort()
  return { reader, take, pending, end }
}

t.test('a watcher is told of each path, best path and Adj-RIB-Out that changes, and of nothing else', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { asNumber: 65001 })
  const b = lab.peer('b', { asNumber: 65002 })
  lab.settle()
  const { take, end } = watched(lab)
  a.announce(['10.2.0.0/16'])
  lab.settle()
  t.strictSame(take(), ['best 10.2.0.0/16', `out 10.2.0.0/16 to ${b.id}`, `path 10.2.0.0/16 of ${a.id}`])
  a.announce(['10.2.0.0/16'])
  lab.settle()
  t.strictSame(take(), [], 'the same once more is no change')
  b.announce(['10.2.0.0/16'], { asPath: [{ type: 'sequence', asNumbers: [65002, 7] }] })
  lab.settle()
  t.strictSame(take(), [`path 10.2.0.0/16 of ${b.id}`], 'a path that does not win')
  a.withdraw(['10.2.0.0/16', '10.9.0.0/16'])
  lab.settle()
  t.strictSame(take(), ['best 10.2.0.0/16', `out 10.2.0.0/16 to ${a.id}+${b.id}`, `path 10.2.0.0/16 of ${a.id}`])
  end()
  b.withdraw(['10.2.0.0/16'])
  lab.settle()
  t.strictSame(take(), [])
})

t.test('a prefix that a watcher has not looked at keeps its id', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  lab.settle()
  const { reader, pending } = watched(lab)
  a.announce(['10.2.0.0/16', 'fd00:2::/64'].slice(0, 1))
  a.withdraw(['10.2.0.0/16'])
  lab.settle()
  const table = reader.prefixes('ipv4-unicast')
  const id = table.find(octets('10.2.0.0/16'), 0, 16)
  t.ok(id >= 0, 'nothing is left of it, but its id')
  t.strictSame(reader.received('ipv4-unicast', id), [])
  reader.release('ipv4-unicast', id)
  t.ok(table.has(id), 'still pending')
  pending.clear()
  reader.release('ipv4-unicast', id)
  t.notOk(table.has(id))
  reader.release('ipv4-unicast', id)
  t.notOk(table.has(id), 'once more is no mistake')
})

t.test('what was received, accepted, chosen and is sent, each as it is now', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { asNumber: 65001 })
  const b = lab.peer('b', { asNumber: 65002, import: 'none' })
  const c = lab.peer('c', { asNumber: 65003, export: 'none' })
  lab.originate(['10.1.0.0/16'])
  for (const peer of [a, b, c]) peer.announce(['10.2.0.0/16'])
  c.announce(['10.2.0.0/16'], { asPath: [{ type: 'sequence', asNumbers: [65003, 65000] }] })
  lab.settle()
  const { reader } = lab.rib
  const id = (prefix: string) => reader.prefixes('ipv4-unicast').find(octets(prefix), 0, 16)
  const names = (paths: readonly { readonly peer: { readonly config: { readonly name: string } | undefined } }[]) =>
    paths.map(({ peer }) => peer.config?.name ?? 'local').sort()
  t.strictSame(names(reader.peers().map((peer) => ({ peer }))), ['a', 'b', 'c', 'local'])
  t.strictSame(names(reader.received('ipv4-unicast', id('10.2.0.0/16'))), ['a', 'b', 'c'])
  t.strictSame(names(reader.received('ipv4-unicast', id('10.2.0.0/16'), b.id)), ['b'])
  t.strictSame(names(reader.accepted('ipv4-unicast', id('10.2.0.0/16'))), ['a'], 'b is not imported, c is a loop')
  t.equal(reader.best('ipv4-unicast', id('10.2.0.0/16'))?.peer.id, a.id)
  t.equal(reader.decidedBy('ipv4-unicast', id('10.2.0.0/16')), 'only-path')
  t.equal(reader.best('ipv4-unicast', id('10.1.0.0/16'))?.peer.config, undefined)
  const sent = (prefix: string) => [a, b, c].map(({ id: peer }) => reader.advertised('ipv4-unicast', id(prefix), peer) !== undefined)
  t.strictSame(sent('10.2.0.0/16'), [false, true, false], 'not to whom it comes from, not where nothing is exported')
  t.strictSame(sent('10.1.0.0/16'), [true, true, false])
})
