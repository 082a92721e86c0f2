import t from 'tap'
import type { PeerState } from '../peer.ts'
import type { Failure } from './failure.ts'
import { address, peerConfig } from './fixture.ts'
import { logMove } from './session-log.ts'

const refused: Failure = { name: 'Bad Peer AS', direction: 'sent', code: 2, subcode: 2 }
const broken: Failure = { name: 'TCP connection failed', direction: 'local', message: 'ECONNREFUSED' }

const table: [title: string, from: PeerState, to: PeerState, failure: Failure | undefined, level: string, sentence: string][] = [
  ['a session that comes up is worth a line', 'OpenConfirm', 'Established', undefined, 'info', 'session established'],
  ['one that is lost is a warning', 'Established', 'Idle', broken, 'warn', 'session lost'],
  ['so is one that ends with a NOTIFICATION before it is up', 'OpenSent', 'Idle', refused, 'warn', 'session refused'],
  ['a peer that is not there yet is for those who look closely', 'Connect', 'Active', broken, 'debug', 'session state changed'],
]
for (const [title, from, to, failure, level, sentence] of table)
  t.test(title, async (t) => {
    const lines: unknown[] = []
    const at = (level: string) => (fields: object, sentence: string) => lines.push([level, fields, sentence])
    const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    const peer = peerConfig({ address: address('192.0.2.1'), port: 179 })
    logMove(log, peer, from, to, failure)
    t.strictSame(lines, [
      [level, { peer: peer.name, address: peer.address, from, to, reason: failure?.name, detail: failure?.message }, sentence],
    ])
  })
