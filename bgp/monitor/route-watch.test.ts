import fc from 'fast-check'
import t from 'tap'
import { parseCidr } from '../../src/net/prefix.ts'
import type { RouteEvent, RouteWatchQuery } from '../peer.ts'
import { path, RibLab } from '../rib/fixture.ts'
import { watchRoutes } from './route-watch.ts'

function watch(lab: RibLab, query: RouteWatchQuery, signal = new AbortController().signal) {
  const { rib } = lab
  const parts = {
    reader: rib.reader,
    entryOf: (query: RouteWatchQuery, family: 'ipv4-unicast' | 'ipv6-unicast', prefix: number) => rib.entry(query, family, prefix),
  }
  return watchRoutes(parts, query, signal)
}

/** "ADDED 10.2.0.0/16 via a 65001" */
function line(event: RouteEvent): string {
  if (event.type === 'CLOSED') return `CLOSED ${event.reason}`
  if (event.type === 'SYNCED') return event.type
  const [first] = event.object.paths
  return `${event.type} ${event.object.prefix}${first === undefined ? '' : ` via ${first.peer} ${first.asPath}`}`
}

async function until(events: AsyncGenerator<readonly RouteEvent[]>, last: string): Promise<readonly string[]> {
  const lines: string[] = []
  while (!lines.includes(last)) {
    const { value, done } = await events.next()
    if (done) return [...lines, 'done']
    lines.push(...value.map(line))
  }
  return lines
}

t.test('the best routes: what is there, then what changes, each with its latest state', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const b = lab.peer('b', { asNumber: 65002 })
  a.announce(['10.2.0.0/16', '10.3.0.0/16'])
  lab.settle()
  const events = watch(lab, { table: 'best' })
  t.strictSame(await until(events, 'SYNCED'), ['ADDED 10.2.0.0/16 via a 65001', 'ADDED 10.3.0.0/16 via a 65001', 'SYNCED'])
  b.announce(['10.2.0.0/16', '10.4.0.0/16'], { asPath: path('65002 7') })
  b.withdraw(['10.4.0.0/16'])
  a.withdraw(['10.2.0.0/16'])
  a.announce(['10.5.0.0/16'])
  lab.settle()
  t.strictSame(
    await until(events, 'ADDED 10.5.0.0/16 via a 65001'),
    ['MODIFIED 10.2.0.0/16 via b 65002 7', 'ADDED 10.5.0.0/16 via a 65001'],
    'what came and went in between was never there',
  )
  a.withdraw(['10.3.0.0/16'])
  lab.settle()
  t.strictSame(await until(events, 'DELETED 10.3.0.0/16'), ['DELETED 10.3.0.0/16'])
  await events.return(undefined)
})

const questions: [title: string, query: RouteWatchQuery, expected: readonly string[]][] = [
  ['in, of one peer', { table: 'in', peer: 'b' }, ['ADDED 10.2.0.0/16 via b 65002 7', 'SYNCED']],
  [
    'accepted: loops are not',
    { table: 'accepted', peer: 'a' },
    ['ADDED 10.2.0.0/16 via a 65001', 'ADDED 10.2.1.0/24 via a 65001', 'SYNCED'],
  ],
  [
    'out: as it is sent',
    { table: 'out', peer: 'b' },
    ['ADDED 10.2.0.0/16 via b 65000 65001', 'ADDED 10.2.1.0/24 via b 65000 65001', 'SYNCED'],
  ],
  ['best, of one peer', { table: 'best', peer: 'b' }, ['SYNCED']],
  ['one prefix', { table: 'best', prefix: cidr('10.2.1.0/24') }, ['ADDED 10.2.1.0/24 via a 65001', 'SYNCED']],
  [
    'what lies within one',
    { table: 'best', prefix: cidr('10.2.0.0/15'), longer: true },
    ['ADDED 10.2.0.0/16 via a 65001', 'ADDED 10.2.1.0/24 via a 65001', 'SYNCED'],
  ],
  ['of a peer that there is none of', { table: 'in', peer: 'c' }, ['done']],
]
for (const [title, query, expected] of questions)
  t.test(title, async (t) => {
    const lab = new RibLab()
    const a = lab.peer('a')
    const b = lab.peer('b', { asNumber: 65002 })
    a.announce(['10.2.0.0/16', '10.2.1.0/24'])
    a.announce(['10.9.0.0/16'], { asPath: path('65001 65000') })
    b.announce(['10.2.0.0/16'], { asPath: path('65002 7') })
    lab.settle()
    const events = watch(lab, query)
    t.strictSame(await until(events, 'SYNCED'), expected)
    await events.return(undefined)
  })

t.test('it ends with the signal, also while nothing happens, and keeps nothing then', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const gone = new AbortController()
  const events = watch(lab, { table: 'best' }, gone.signal)
  await until(events, 'SYNCED')
  const next = events.next()
  gone.abort()
  t.strictSame(await next, { value: undefined, done: true })
  a.announce(['10.2.0.0/16'])
  a.withdraw(['10.2.0.0/16'])
  lab.settle()
  t.equal(lab.rib.reader.prefixes('ipv4-unicast').size, 0)
})

t.test('it ends with the peer that was asked for', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce(['10.2.0.0/16'])
  lab.settle()
  const events = watch(lab, { table: 'in', peer: 'a' })
  await until(events, 'SYNCED')
  lab.rib.removePeer(a.id)
  lab.settle()
  lab.peer('a').announce(['10.2.0.0/16'])
  t.equal((await until(events, 'never')).at(-1), 'done')
})

t.test('a reader knows in the end what is there, whenever it reads', async () => {
  const step = fc.record({ prefix: fc.nat(4), asPath: fc.constantFrom(undefined, '7', '8'), reads: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const lab = new RibLab()
      const a = lab.peer('a')
      const events = watch(lab, { table: 'best' })
      const known = new Map<string, string>()
      const read = async (last: string) => {
        for (const each of await until(events, last)) {
          const [type, prefix = '', , , ...rest] = each.split(' ')
          if (type === 'DELETED') known.delete(prefix)
          else if (type !== 'SYNCED') known.set(prefix, rest.join(' '))
        }
      }
      await read('SYNCED')
      let mark = 0
      const sync = async () => {
        a.announce(['192.0.2.0/24'], { asPath: path(`65001 ${++mark}`) })
        lab.settle()
        await read(mark === 1 ? 'ADDED 192.0.2.0/24 via a 65001 1' : `MODIFIED 192.0.2.0/24 via a 65001 ${mark}`)
      }
      for (const { prefix, asPath, reads } of steps) {
        if (asPath === undefined) a.withdraw([`10.${prefix}.0.0/16`])
        else a.announce([`10.${prefix}.0.0/16`], { asPath: path(`65001 ${asPath}`) })
        lab.settle()
        if (reads) await sync()
      }
      await sync()
      await events.return(undefined)
      const there = lab.rib.query({ table: 'best', limit: 100 }).routes.map(({ prefix, paths }) => `${prefix} ${paths[0]?.asPath}`)
      return (
        [...known]
          .map(([prefix, asPath]) => `${prefix} ${asPath}`)
          .sort()
          .join() === there.sort().join()
      )
    }),
    { numRuns: 50 },
  )
})

function cidr(text: string) {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new Error(`"${text}" is no prefix`)
  return parsed
}
