import { readFileSync } from 'node:fs'
import t from 'tap'
import { asn } from '../src/net/asn.ts'
import { type ChangeClass, changeBetween, changeClass, needsRoutesAgain } from './knobs.ts'
import type { PeerConfig } from './peer.ts'
import { address, peerConfig } from './session/fixture.ts'

const before = peerConfig({ address: address('192.0.2.1'), port: 179 })

const changes: [title: string, change: Partial<PeerConfig>, expected: ChangeClass | undefined][] = [
  ['nothing is changed', {}, undefined],
  ['the same families, written again', { families: ['ipv4-unicast'] }, undefined],
  ['a limit', { maxPrefixes: 5 }, 'live'],
  ['a filter', { importFilters: ['a'] }, 'refresh'],
  ['an AS number', { asNumber: asn(65003) }, 'reset'],
  ['a limit and a filter', { maxPrefixes: 5, exportFilters: ['a'] }, 'refresh'],
  ['a filter and families', { exportFilters: ['a'], families: ['ipv4-unicast', 'ipv6-unicast'] }, 'reset'],
  ['families and a limit', { families: ['ipv6-unicast'], maxPrefixes: 5 }, 'reset'],
  ['the name says nothing of the session', { name: 'other' }, undefined],
]
for (const [title, change, expected] of changes)
  t.test(`${title}: ${expected ?? 'no change'}`, async (t) => {
    const after = { ...before, ...change }
    t.strictSame([changeBetween(before, after), changeBetween(after, before)], [expected, expected])
  })

t.test('RFC 2918 the peer sends again what was refused before it was kept, and nothing else', async (t) => {
  const again = (change: Partial<PeerConfig>) => needsRoutesAgain(before, { ...before, ...change })
  t.strictSame([again({ allowLocalAs: 1 }), again({ allowAsSet: true }), again({ enforceFirstAs: false })], [true, true, true])
  t.strictSame([again({ import: 'none' }), again({ importFilters: ['a'] }), again({})], [false, false, false])
})

t.test('docs/live-change.md has the same table', async (t) => {
  const text = readFileSync(new URL('../docs/live-change.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, knob, cost]) => [knob, cost])
  t.strictSame(rows, Object.entries(changeClass))
})
