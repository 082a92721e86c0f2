import fc from 'fast-check'
import t from 'tap'
import { address, path, prefixesOf, RibLab } from '../rib/fixture.ts'
import { emptyMpRanges, locateMp } from '../wire/multiprotocol.ts'
import { emptyUpdateRanges, splitUpdate } from '../wire/update.ts'
import { ChangeQueues } from './change-queue.ts'
import { RouteTeller } from './route-teller.ts'

function telling(lab: RibLab, peer: number, view: 'received' | 'advertised' = 'received') {
  const { reader } = lab.rib
  const queues = new ChangeQueues(reader, () => {})
  const teller = new RouteTeller(reader, { ipv4: address('10.0.0.1') })
  queues.open({ view, peer })
  const known = new Set<string>()
  /** Applies what is told, and gives it: "- 2>10.1.0.0/16". */
  const read = (): readonly string[] => {
    const lines: string[] = []
    for (let piece = queues.next(3); piece !== undefined; piece = queues.next(3))
      for (const update of teller.updates(piece)) lines.push(...linesOf(update))
    for (const line of lines) {
      if (line.startsWith('+')) known.add(line.slice(2))
      else if (!known.delete(line.slice(2))) throw new Error(`${line}: was never told`)
    }
    return lines
  }
  return { read, known }
}

function linesOf(update: Uint8Array): string[] {
  const ranges = emptyUpdateRanges()
  const mp = emptyMpRanges()
  const fault = splitUpdate(update, 19, update.length, ranges) ?? locateMp(update, ranges.attributesStart, ranges.attributesEnd, mp)
  if (fault !== undefined) throw fault
  const texts = (from: number, to: number) => prefixesOf('ipv4-unicast', update, from, to, true)
  return [
    ...texts(ranges.withdrawnStart, ranges.withdrawnEnd).map((prefix) => `- ${prefix}`),
    ...texts(ranges.nlriStart, ranges.nlriEnd).map((prefix) => `+ ${prefix}`),
  ]
}

t.test('RFC 7911: on a session with path identifiers every path is told with its own, and withdrawn by it', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { asNumber: 65000 }, { addPathReceive: ['ipv4-unicast'] })
  a.announce(['1>10.1.0.0/16', '2>10.2.0.0/16'])
  a.announce(['2>10.1.0.0/16'], { localPref: 7 })
  lab.settle()
  const { read } = telling(lab, a.id)
  t.strictSame([...read()].sort(), ['+ 1>10.1.0.0/16', '+ 2>10.1.0.0/16', '+ 2>10.2.0.0/16'])
  a.withdraw(['1>10.1.0.0/16', '2>10.2.0.0/16'])
  lab.settle()
  t.strictSame([...read()].sort(), ['+ 2>10.1.0.0/16', '- 1>10.1.0.0/16', '- 2>10.2.0.0/16'])
})

t.test('RFC 7911, RFC 8671: what a peer is sent with path identifiers is told with them', async (t) => {
  const lab = new RibLab()
  const sources = ['10.0.0.3', '10.0.0.4'].map((text, i) => lab.peer(text, { asNumber: 65001 + i, address: address(text) }))
  const to = lab.peer('to', { asNumber: 65009, addPath: { receive: false, send: 4 } }, { addPathSend: ['ipv4-unicast'] })
  for (const source of sources) source.announce(['10.1.0.0/16'])
  lab.settle()
  const { read } = telling(lab, to.id, 'advertised')
  const told = [...read()].sort()
  t.strictSame(
    told,
    Object.keys(to.known)
      .map((prefix) => `+ ${prefix}`)
      .sort(),
  )
  t.equal(told.length, 2)
  sources[0]?.withdraw(['10.1.0.0/16'])
  lab.settle()
  const then = read().filter((line) => line.startsWith('-'))
  t.equal(then.length, 1)
  t.strictSame(Object.keys(to.known).length, 1)
})

t.test('whenever it is read, in the end it is known what is there, path by path', async () => {
  const step = fc.record({ pathId: fc.nat(2), prefix: fc.nat(3), asPath: fc.constantFrom(undefined, '7', '8'), reads: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const lab = new RibLab()
      const a = lab.peer('a', { asNumber: 65000 }, { addPathReceive: ['ipv4-unicast'] })
      const { read, known } = telling(lab, a.id)
      const there = new Set<string>()
      for (const { pathId, prefix, asPath, reads } of steps) {
        const text = `${pathId}>10.${prefix}.0.0/16`
        if (asPath === undefined) a.withdraw([text])
        else a.announce([text], { asPath: path(asPath) })
        if (asPath === undefined) there.delete(text)
        else there.add(text)
        lab.settle()
        if (reads) read()
      }
      read()
      return [...known].sort().join() === [...there].sort().join()
    }),
  )
})
