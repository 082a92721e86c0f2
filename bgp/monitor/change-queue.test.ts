import fc from 'fast-check'
import t from 'tap'
import { path, RibLab } from '../rib/fixture.ts'
import type { RibPath } from '../rib/rib-reader.ts'
import { ChangeQueues, type Interest, type Piece } from './change-queue.ts'

function queues(lab: RibLab, ...interests: readonly Interest[]) {
  let works = 0
  const queues = new ChangeQueues(lab.rib.reader, () => works++)
  for (const interest of interests) queues.open(interest)
  const { reader } = lab.rib
  const shown = ({ view, peer, family, prefixes, ends }: Piece) => {
    const table = reader.prefixes(family)
    const texts = [...prefixes].map((prefix) => table.format(prefix))
    for (const prefix of prefixes) reader.release(family, prefix)
    return `${view} ${peer} ${family === 'ipv4-unicast' ? 4 : 6}: ${texts.sort().join(' ')}${ends ? ' end' : ''}`
  }
  const take = (most = 100) => {
    const lines: string[] = []
    for (let piece = queues.next(most); piece !== undefined; piece = queues.next(most)) lines.push(shown(piece))
    return lines
  }
  return { queues, take, works: () => works }
}

t.test('each table is told once, whole, then its changes; a prefix that changes twice is told once', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const b = lab.peer('b', { asNumber: 65002 })
  a.announce(['10.2.0.0/16', '10.3.0.0/16'])
  a.announce(['fd00:2::/64'], { nextHop: new Uint8Array(16).fill(1) })
  lab.settle()
  const { take } = queues(
    lab,
    { view: 'received', peer: a.id },
    { view: 'best', peer: 0 },
    { view: 'advertised', peer: b.id },
    { view: 'accepted', peer: b.id },
  )
  t.strictSame(take(), [
    'received 1 4: 10.2.0.0/16 10.3.0.0/16 end',
    'received 1 6: fd00:2::/64 end',
    'best 0 4: 10.2.0.0/16 10.3.0.0/16 end',
    'best 0 6: fd00:2::/64 end',
    'advertised 2 4: 10.2.0.0/16 10.3.0.0/16 end',
    'advertised 2 6: fd00:2::/64 end',
    'accepted 2 4:  end',
    'accepted 2 6:  end',
  ])
  for (const end of ['7', '8', '9']) a.announce(['10.2.0.0/16'], { asPath: path(`65001 ${end}`) })
  a.withdraw(['10.3.0.0/16'])
  lab.settle()
  t.strictSame(take(), [
    'received 1 4: 10.2.0.0/16 10.3.0.0/16',
    'best 0 4: 10.2.0.0/16 10.3.0.0/16',
    'advertised 2 4: 10.2.0.0/16 10.3.0.0/16',
  ])
  t.strictSame(take(), [])
})

t.test('a large table comes in pieces, and the tables in turn', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce(Array.from({ length: 5 }, (_, i) => `10.${i}.0.0/16`))
  lab.settle()
  const { take } = queues(lab, { view: 'received', peer: a.id }, { view: 'best', peer: 0 })
  t.strictSame(
    take(2).filter((line) => line.includes(' 4:')),
    [
      'received 1 4: 10.0.0.0/16 10.1.0.0/16',
      'best 0 4: 10.0.0.0/16 10.1.0.0/16',
      'received 1 4: 10.2.0.0/16 10.3.0.0/16',
      'best 0 4: 10.2.0.0/16 10.3.0.0/16',
      'received 1 4: 10.4.0.0/16 end',
      'best 0 4: 10.4.0.0/16 end',
    ],
  )
})

t.test('work is announced once, until it is taken', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const { take, works, queues: all } = queues(lab, { view: 'received', peer: a.id })
  t.equal(works(), 1)
  take()
  a.announce(['10.2.0.0/16', '10.3.0.0/16'])
  a.withdraw(['10.2.0.0/16'])
  t.equal(works(), 2)
  all.stop()
  a.announce(['10.2.0.0/16'])
  t.equal(works(), 2, 'nobody is told any more')
})

t.test('what is closed keeps no prefix from being forgotten', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const { queues: all, take } = queues(lab, { view: 'received', peer: a.id })
  take()
  a.announce(['10.2.0.0/16'])
  a.withdraw(['10.2.0.0/16'])
  lab.settle()
  const table = lab.rib.reader.prefixes('ipv4-unicast')
  t.equal(table.size, 1, 'kept for the reader')
  all.close({ view: 'received', peer: a.id })
  a.announce(['10.2.0.0/16'])
  a.withdraw(['10.2.0.0/16'])
  lab.settle()
  t.equal(table.size, 0)
})

type Step = { readonly peer: number; readonly prefix: number; readonly asPath: string | undefined; readonly reads: boolean }
const step: fc.Arbitrary<Step> = fc.record({
  peer: fc.nat(1),
  prefix: fc.nat(5),
  asPath: fc.constantFrom(undefined, '7', '7 8'),
  reads: fc.boolean(),
})

t.test('whenever it reads, a reader that looks at what it is told knows what is there in the end', async () =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const lab = new RibLab()
      const peers = [lab.peer('a'), lab.peer('b', { asNumber: 65002 })]
      const { reader } = lab.rib
      const all = new ChangeQueues(reader, () => {})
      for (const view of ['received', 'accepted', 'advertised'] as const) for (const { id } of peers) all.open({ view, peer: id })
      all.open({ view: 'best', peer: 0 })
      const known = new Map<string, unknown>()
      const shown = (read: object | undefined) => read && JSON.stringify(read)
      const attributes = (found: RibPath | undefined) => found && shown(reader.attributes(found))
      const look = (view: Interest['view'], peer: number, prefix: number): unknown => {
        if (view === 'best') return attributes(reader.best('ipv4-unicast', prefix))
        if (view === 'advertised') return shown(reader.attributesSent('ipv4-unicast', prefix, peer))
        return attributes(reader[view]('ipv4-unicast', prefix, peer)[0])
      }
      const read = () => {
        for (let piece = all.next(2); piece !== undefined; piece = all.next(2))
          for (const prefix of piece.prefixes) {
            if (piece.family !== 'ipv4-unicast') continue
            const { view, peer } = piece
            const name = `${view} ${peer} ${reader.prefixes('ipv4-unicast').format(prefix)}`
            const seen = look(view, peer, prefix)
            if (seen === undefined) known.delete(name)
            else known.set(name, seen)
            reader.release('ipv4-unicast', prefix)
          }
      }
      for (const { peer, prefix, asPath, reads } of steps) {
        const sender = peers[peer]
        const text = `10.${prefix}.0.0/16`
        if (asPath === undefined) sender?.withdraw([text])
        else sender?.announce([text], { asPath: path(`${sender.config.asNumber} ${asPath}`) })
        lab.settle()
        if (reads) read()
      }
      read()
      const there = new Map<string, unknown>()
      const table = reader.prefixes('ipv4-unicast')
      for (const prefix of table.ids())
        for (const view of ['received', 'accepted', 'advertised', 'best'] as const)
          for (const peer of view === 'best' ? [0] : peers.map(({ id }) => id)) {
            const seen = look(view, peer, prefix)
            if (seen !== undefined) there.set(`${view} ${peer} ${table.format(prefix)}`, seen)
          }
      const names = (map: Map<string, unknown>) => [...map.keys()].sort().join()
      return names(known) === names(there) && [...there].every(([name, seen]) => known.get(name) === seen)
    }),
  ),
)
