import t from 'tap'
import { terms } from './fixture.ts'
import { type Helper, type HelperEvent, helpRestart, noHelp } from './restart-helper.ts'
import type { PeerRestart } from './terms.ts'

const both = ['ipv4-unicast', 'ipv6-unicast'] as const
const promise = { families: [...both], restartTimeSec: 60 }
const idle: Helper = { stale: [], promise }
const helping: Helper = { stale: [...both], promise }
const half: Helper = { stale: ['ipv6-unicast'], promise }

const back = (families: PeerRestart['families'] | undefined): HelperEvent => ({
  type: 'established',
  terms:
    families === undefined ? terms : { ...terms, gracefulRestart: { restarting: true, notification: false, restartTimeSec: 60, families } },
})
const preserved = both.map((family) => ({ family, forwardingPreserved: true }))
const sweep = (family: 'ipv4-unicast' | 'ipv6-unicast') => ({ type: 'sweep', family }) as const
const stop = { type: 'stop-timer' } as const

const table: [title: string, helper: Helper, event: HelperEvent, expected: unknown[]][] = [
  ['§4.2 a first session only notes the promise', noHelp, back(preserved), [idle]],
  [
    '§4.2 TCP is lost: the families of the capability become stale, the restart timer runs',
    idle,
    { type: 'lost', graceful: true },
    [helping, { type: 'keep', families: [...both] }, { type: 'start-timer', afterSec: 60 }],
  ],
  ['§4 after a NOTIFICATION nothing is kept', idle, { type: 'lost', graceful: false }, [idle, { type: 'keep', families: [] }]],
  ['without the capability nothing is kept', noHelp, { type: 'lost', graceful: true }, [noHelp, { type: 'keep', families: [] }]],
  [
    'restart time 0 keeps nothing',
    { stale: [], promise: { families: [...both], restartTimeSec: 0 } },
    { type: 'lost', graceful: true },
    [
      { stale: [], promise: { families: [...both], restartTimeSec: 0 } },
      { type: 'keep', families: [] },
    ],
  ],
  [
    '§4.2 a second restart before End-of-RIB: what was stale goes, what was new becomes stale',
    half,
    { type: 'lost', graceful: true },
    [helping, sweep('ipv6-unicast'), stop, { type: 'keep', families: [...both] }, { type: 'start-timer', afterSec: 60 }],
  ],
  [
    '§4.2 the restart timer ends: all stale routes go',
    helping,
    { type: 'timer' },
    [idle, sweep('ipv4-unicast'), sweep('ipv6-unicast'), stop],
  ],
  [
    '§4.2 the peer is back and kept forwarding: stale routes wait for End-of-RIB, with an upper bound',
    helping,
    back(preserved),
    [helping, { type: 'start-timer', afterSec: 360 }],
  ],
  [
    '§4.2 F bit 0: that family goes at once',
    helping,
    back(preserved.map((entry) => ({ ...entry, forwardingPreserved: entry.family === 'ipv6-unicast' }))),
    [half, sweep('ipv4-unicast'), { type: 'start-timer', afterSec: 360 }],
  ],
  [
    '§4.2 a family missing from the new capability goes at once',
    helping,
    back(preserved.filter((entry) => entry.family === 'ipv6-unicast')),
    [
      { stale: ['ipv6-unicast'], promise: { families: ['ipv6-unicast'], restartTimeSec: 60 } },
      sweep('ipv4-unicast'),
      { type: 'start-timer', afterSec: 360 },
    ],
  ],
  ['§4.2 back without the capability: all goes', helping, back(undefined), [noHelp, sweep('ipv4-unicast'), sweep('ipv6-unicast'), stop]],
  ['§4.2 End-of-RIB sweeps its family', helping, { type: 'end-of-rib', family: 'ipv4-unicast' }, [half, sweep('ipv4-unicast')]],
  ['§4.2 the last End-of-RIB ends the help', half, { type: 'end-of-rib', family: 'ipv6-unicast' }, [idle, sweep('ipv6-unicast'), stop]],
  ['§2 End-of-RIB without a restart means nothing here', idle, { type: 'end-of-rib', family: 'ipv4-unicast' }, [idle]],
  [
    'RFC 5882 §4.3.1 the forwarding of the peer failed: nothing stale is kept',
    helping,
    { type: 'abandon' },
    [idle, sweep('ipv4-unicast'), sweep('ipv6-unicast'), stop],
  ],
  ['a late timer means nothing', idle, { type: 'timer' }, [idle]],
]
for (const [title, helper, event, expected] of table) {
  t.test(`RFC 4724 ${title}`, async (t) => t.strictSame(helpRestart(helper, event), expected))
}
