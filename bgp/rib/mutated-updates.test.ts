/** UPDATEs with octets changed, cut and repeated, into the RIB: what other peers are told stays well-formed, nothing stays behind, no message is dear. */
import t from 'tap'
import { nextUpdate, oneOf, peerKinds, randomOf } from '../wire/hostile.fixture.ts'
import { headerLength, messageType } from '../wire/message.ts'
import { localAs, type Peer, RibLab, sessionTerms } from './fixture.ts'

const rounds = 40
const messages = 250
const seed = Number(process.env.FUZZ_SEED ?? 7606)

/** Milliseconds of this thread. */
function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

t.test(`#78 ${rounds * messages} mutated UPDATEs, seed ${seed}`, async (t) => {
  t.comment(`FUZZ_SEED=${seed} repeats it`)
  const random = randomOf(seed)
  const lab = new RibLab()
  const witness = lab.peer('witness', { asNumber: 65003 }, { maxMessageLength: 65535 })
  const inner = lab.peer('inner', { asNumber: localAs }, { maxMessageLength: 4096, remoteRouterId: 3 })
  const outcomes = new Map<string, number>()
  let dearest = 0
  for (let round = 0; round < rounds; round++) {
    const kind = oneOf(random, peerKinds)
    const terms = sessionTerms({ fourOctetAs: kind.fourOctetAs, maxMessageLength: kind.extendedMessages ? 65535 : 4096, remoteRouterId: 9 })
    // the local AS of this lab is another one than that of the speaker in the tests of sessions
    const asNumber = kind.asNumber === 65001 ? localAs : kind.asNumber
    const bad = lab.peer(`bad${round}`, { asNumber, maxPrefixes: 100_000 }, terms)
    for (let message = 0; message < messages; message++) {
      const bytes = nextUpdate(random, kind)
      let outcome = 'taken'
      const ms = cpuMs(() => {
        outcome = receive(bad, bytes)
        lab.settle()
      })
      dearest = Math.max(dearest, ms)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (outcome !== 'taken') {
        lab.rib.sessionDown(bad.id, [])
        lab.settle()
        bad.up(terms)
      }
      for (const reader of [witness.reader, inner.reader, bad.reader]) reader.readAll()
    }
    lab.rib.removePeer(bad.id)
    lab.settle()
    t.strictSame([witness.known, inner.known, Object.fromEntries(lab.best)], [{}, {}, {}], 'what was told of the peer is taken back')
  }
  t.comment(`outcomes: ${JSON.stringify(Object.fromEntries(outcomes))}; the dearest message took ${dearest.toFixed(1)} ms`)
  t.ok([...outcomes.keys()].every((outcome) => ['taken', '3/1', '3/2', '3/9', '3/10', '6/1'].includes(outcome)))
  t.ok(dearest < 1000, 'no message takes a second')
  t.ok((outcomes.get('taken') ?? 0) > rounds * messages * 0.3, 'most are taken')
})

/** "taken", or the NOTIFICATION it comes to. */
function receive(bad: Peer, bytes: Uint8Array): string {
  if (bytes.length > 65535 || bytes[18] !== messageType.update || bytes.length < headerLength + 4) return 'taken'
  const fault = bad.receive(bytes.subarray(headerLength))
  return fault === undefined ? 'taken' : `${fault.code}/${fault.subcode}`
}
