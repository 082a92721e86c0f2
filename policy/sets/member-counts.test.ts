import t from 'tap'
import { MemberCounts } from './member-counts.ts'
import { SetMembers } from './set-members.ts'

t.test('members are counted, and come and go for readers when they are published', async (t) => {
  const counts = new MemberCounts()
  counts.count('10.0.0.1', 1)
  counts.publish()
  const { version } = counts.log
  counts.count('10.0.0.1', 1)
  counts.count('10.0.0.2', 1)
  t.strictSame([...counts.keys()], ['10.0.0.1'])
  t.ok(counts.publish())
  t.strictSame([...counts.keys()], ['10.0.0.1', '10.0.0.2'])
  t.strictSame(counts.log.changedSince(version), ['10.0.0.2'])
  counts.count('10.0.0.1', -1)
  t.notOk(counts.publish(), 'another still has it')
  counts.count('10.0.0.1', -1)
  t.ok(counts.publish())
  t.strictSame(counts.log.changedSince(version), ['10.0.0.2', '10.0.0.1'])
  t.strictSame([...counts.keys()], ['10.0.0.2'])
})

t.test('what went and came back in between is no change', async (t) => {
  const counts = new MemberCounts()
  counts.count('10.0.0.1', 1)
  counts.publish()
  counts.count('10.0.0.1', -1)
  counts.count('10.0.0.1', 1)
  t.notOk(counts.publish())
  counts.count('10.0.0.2', 1)
  counts.count('10.0.0.2', -1)
  t.notOk(counts.publish())
  t.equal(counts.log.version, 0)
})

t.test('hash:net spells hosts with their length, hash:ip without; their changes too', async (t) => {
  const counts = new MemberCounts()
  counts.publish()
  const [ips, nets, nets6] = [
    new SetMembers(counts, 4, 'hash:ip'),
    new SetMembers(counts, 4, 'hash:net'),
    new SetMembers(counts, 6, 'hash:net'),
  ]
  counts.count('10.0.0.1', 1)
  counts.count('10.0.0.0/8', 1)
  counts.publish()
  t.strictSame([...ips], ['10.0.0.1', '10.0.0.0/8'])
  t.strictSame([...nets], ['10.0.0.1/32', '10.0.0.0/8'])
  t.strictSame(nets.changedSince(0), ['10.0.0.1/32', '10.0.0.0/8'])
  t.strictSame([nets.has('10.0.0.1/32'), nets.has('10.0.0.0/8'), ips.has('10.0.0.1'), ips.has('10.0.0.2')], [true, true, true, false])
  t.strictSame([nets.size, nets.version], [2, 2])
  counts.count('fd00::1', 1)
  counts.publish()
  t.ok([...nets6].includes('fd00::1/128'))
  t.ok(nets6.has('fd00::1/128'))
})
