import t from 'tap'
import { missingBase } from './base-chains.ts'
import type { Hook, ObjectStatus } from './kernel.ts'

const hook: Hook = {
  family: 4,
  table: 'filter',
  kernelChain: 'FORWARD',
  at: 'insert',
  rule: { match: [], action: { type: 'jump', chain: 'tort-FORWARD' } },
}
const accept: Hook = { ...hook, family: 6, at: 'append', rule: { match: [], action: { type: 'accept' } } }
const refused: ObjectStatus = { state: 'failed', reason: 'TABLE_ADD failed' }
const waiting: ObjectStatus = { state: 'pending', reason: 'kept as found until the datastore is read' }

const table: [title: string, unprogrammed: Record<string, ObjectStatus>, expected: string | undefined][] = [
  ['all is there', {}, undefined],
  ['a hook is refused', { 'hook filter/FORWARD (IPv4)': refused }, 'hook filter/FORWARD (IPv4): TABLE_ADD failed'],
  ['one of the other family is', { 'hook filter/FORWARD (IPv6)': refused }, 'hook filter/FORWARD (IPv6): TABLE_ADD failed'],
  ['the chain it leads to is', { 'chain filter/tort-FORWARD (IPv4)': refused }, 'chain filter/tort-FORWARD (IPv4): TABLE_ADD failed'],
  [
    'an older one is there still',
    { 'chain filter/tort-FORWARD (IPv4)': waiting },
    'chain filter/tort-FORWARD (IPv4): kept as found until the datastore is read',
  ],
  ['a chain of one policy is no base', { 'chain filter/tort-pi-x (IPv4)': refused, 'hook nat/POSTROUTING (IPv4)': refused }, undefined],
]
for (const [title, unprogrammed, expected] of table)
  t.test(title, async (t) => t.equal(missingBase([hook, accept], new Map(Object.entries(unprogrammed))), expected))
