import fc from 'fast-check'
import t from 'tap'
import { type Ends, type Party, resolveCollision, type Verdict } from './collision.ts'

const higher: Ends = { localRouterId: 0xc000_0002, remoteRouterId: 0x0a00_0001, localAs: 65001, remoteAs: 65002 }
const lower: Ends = { ...higher, localRouterId: 0x0a00_0001, remoteRouterId: 0xc000_0002 }
const sameId: Ends = { ...higher, localRouterId: 0x0a00_0001 }
const party = (initiator: 'local' | 'remote', state: Party['state'] = 'OpenSent', gracefulRestart = false, sinceSec = 0): Party => ({
  initiator,
  state,
  gracefulRestart,
  sinceSec,
})

const table: [title: string, ends: Ends, existing: Party, newcomer: Party, expected: Verdict][] = [
  ['§6.8 our identifier is higher: our own connection stays', higher, party('local', 'OpenConfirm'), party('remote'), 'dump-newcomer'],
  [
    '§6.8 our identifier is higher: our own connection wins also when it comes second',
    higher,
    party('remote', 'OpenConfirm'),
    party('local'),
    'dump-existing',
  ],
  ['§6.8 our identifier is lower: the peer’s connection wins', lower, party('local', 'OpenConfirm'), party('remote'), 'dump-existing'],
  ['§6.8 our identifier is lower: the peer’s connection stays', lower, party('remote', 'OpenConfirm'), party('local'), 'dump-newcomer'],
  ['RFC 6286 §2.3 equal identifiers: the higher AS number wins', sameId, party('local', 'OpenConfirm'), party('remote'), 'dump-existing'],
  ['§6.8 an established connection survives', lower, party('local', 'Established'), party('remote'), 'dump-newcomer'],
  [
    'RFC 4724 §5 an established one whose peer restarts gracefully counts as lost',
    higher,
    party('local', 'Established', true),
    party('remote'),
    'existing-restarted',
  ],
  [
    'our own connection would win, but nobody has answered its OPEN for seconds: the one that speaks wins',
    higher,
    party('local', 'OpenSent', false, 2),
    party('remote'),
    'dump-existing',
  ],
  ['an answered one may take its time', higher, party('local', 'OpenConfirm', false, 60), party('remote'), 'dump-newcomer'],
  ['a peer that dials twice means the second', higher, party('remote', 'OpenConfirm'), party('remote'), 'dump-existing'],
]
for (const [title, ends, existing, newcomer, expected] of table) {
  t.test(title, async (t) => t.equal(resolveCollision(ends, existing, newcomer), expected))
}

t.test('§6.8 both ends keep the same connection, whichever OPEN each saw first', async () => {
  const id = fc.integer({ min: 1, max: 0xffff_ffff })
  fc.assert(
    fc.property(id, id, id, id, fc.boolean(), fc.boolean(), (a, b, asA, asB, firstAtA, firstAtB) => {
      fc.pre(a !== b || asA !== asB)
      const keptByA = kept({ localRouterId: a, remoteRouterId: b, localAs: asA, remoteAs: asB }, firstAtA)
      const keptByB = kept({ localRouterId: b, remoteRouterId: a, localAs: asB, remoteAs: asA }, firstAtB)
      return keptByA !== keptByB // "local" at one end is "remote" at the other
    }),
  )
})

function kept(ends: Ends, ownFirst: boolean): 'local' | 'remote' {
  const existing = party(ownFirst ? 'local' : 'remote', 'OpenConfirm')
  const newcomer = party(ownFirst ? 'remote' : 'local')
  return resolveCollision(ends, existing, newcomer) === 'dump-newcomer' ? existing.initiator : newcomer.initiator
}
