import t from 'tap'
import type { ObjectStatus } from './kernel.ts'
import { WaitingLog } from './waiting-log.ts'

const absent = { state: 'pending', reason: 'link tortweb does not exist' } as const
const refused = { state: 'failed', reason: 'Permission denied' } as const

/** What a log of these applies says, a line each. */
function said(...applies: readonly Readonly<Record<string, ObjectStatus>>[]): readonly string[] {
  const lines: string[] = []
  const line = (level: string) => (fields: object, message: string) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const log = new WaitingLog({ info: line('info'), warn: line('warn') })
  for (const unprogrammed of applies) log.applied(new Map(Object.entries(unprogrammed)))
  return lines
}

t.test('one line when objects begin to wait, however many share the reason, and one when it is over', async (t) => {
  const waiting = { 'link tortweb': absent, 'route 10.244.1.2/32': absent }
  t.strictSame(said({}, waiting, waiting, {}, {}), [
    'info not programmed yet; waiting {"reason":"link tortweb does not exist","first":"link tortweb","objects":2}',
    'info no longer so {"reason":"link tortweb does not exist","first":"link tortweb","objects":2}',
  ])
})

t.test('what the kernel refuses is a warning, also after waiting', async (t) => {
  t.strictSame(said({ 'route 10.0.0.0/24': absent }, { 'route 10.0.0.0/24': refused }), [
    'info not programmed yet; waiting {"reason":"link tortweb does not exist","first":"route 10.0.0.0/24","objects":1}',
    'warn not programmed; trying again {"reason":"Permission denied","first":"route 10.0.0.0/24","objects":1}',
    'info no longer so {"reason":"link tortweb does not exist","first":"route 10.0.0.0/24","objects":1}',
  ])
})

t.test('chains, sets and tunnels are left to the tables that tell of them', async (t) => {
  t.strictSame(said({ 'chain tort-FORWARD': refused, 'IP set tort4s:x': refused, 'tunnel tunl0': refused }), [])
})

t.test('very many reasons are counted, not told', async (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 1000 }, (_, n) => [`link tort${n}`, { state: 'pending', reason: `link tort${n} does not exist` }] as const),
  )
  const lines = said(many, {})
  t.equal(lines.length, 42)
  t.strictSame(
    [lines[20], lines[41]],
    ['warn more is not programmed: see problems in /v1/status {"reasons":980}', 'info more is no longer so {"reasons":980}'],
  )
})
