import fc from 'fast-check'
import t from 'tap'
import type { SavedSet } from './ip-set-text.ts'
import { parseSavedSets, SavedSetsReader } from './saved-sets.ts'

t.test('the output of ipset save is read: ours only, members in the form of IpSet', async (t) => {
  const output = `create KUBE-X hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x0
add KUBE-X 10.9.9.9
create tortoises hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x0
create tort4-mine hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x0
create tort4a:x hash:ip family inet hashsize 1024 maxelem 1048576 bucketsize 12 initval 0x500196c0
add tort4a:x 10.0.0.1
create tort4n:x hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1a87a997
add tort4n:x 10.0.0.1
add tort4n:x 0.0.0.0/1
create tort4p:x hash:ip,port family inet hashsize 1024 maxelem 1048576 bucketsize 12 initval 0x3cd37623
add tort4p:x 10.0.0.1,udp:53
create tort6n:x hash:net family inet6 hashsize 1024 maxelem 1048576 bucketsize 12 initval 0xc8146e26
add tort6n:x ::ffff:1.2.3.4
add tort6n:x ::ffff:1.2.0.0/112
add tort6n:x 2001:db8::/32
create tort6p:x hash:ip,port family inet6 hashsize 1024 maxelem 1048576
add tort6p:x ::ffff:1.2.3.4,tcp:80
`
  t.strictSame(
    parseSavedSets(output),
    new Map<string, SavedSet>([
      ['tort4a:x', { type: 'hash:ip', family: 4, maxMembers: 1_048_576, members: new Set(['10.0.0.1']) }],
      ['tort4n:x', { type: 'hash:net', family: 4, maxMembers: 65_536, members: new Set(['10.0.0.1/32', '0.0.0.0/1']) }],
      ['tort4p:x', { type: 'hash:ip,port', family: 4, maxMembers: 1_048_576, members: new Set(['10.0.0.1,udp:53']) }],
      [
        'tort6n:x',
        {
          type: 'hash:net',
          family: 6,
          maxMembers: 1_048_576,
          members: new Set(['::ffff:1.2.3.4/128', '::ffff:1.2.0.0/112', '2001:db8::/32']),
        },
      ],
      ['tort6p:x', { type: 'hash:ip,port', family: 6, maxMembers: 1_048_576, members: new Set(['::ffff:1.2.3.4,tcp:80']) }],
    ]),
  )
})

t.test('a set that may be larger than others, and what the kernel says of a member behind it', async (t) => {
  const output = 'create tort4a:x hash:ip family inet hashsize 64 maxelem 5 timeout 60\nadd tort4a:x 10.0.0.1 timeout 59\n'
  const members = new Set(['10.0.0.1'])
  t.strictSame(parseSavedSets(output), new Map([['tort4a:x', { type: 'hash:ip', family: 4, maxMembers: 5, members }]]))
})

t.test('what is read does not depend on where the parts of the output end', async (t) => {
  const output = `create tort4n:x hash:net family inet maxelem 9
add tort4n:x 10.0.0.1
create KUBE-X hash:ip family inet maxelem 9
add KUBE-X 10.9.9.9
create tort6s:y hash:ip family inet6 maxelem 9
add tort6s:y fd00::1
`
  const told = [
    ['tort4n:x', { type: 'hash:net', family: 4, maxMembers: 9 }],
    ['10.0.0.1/32'],
    ['tort6s:y', { type: 'hash:ip', family: 6, maxMembers: 9 }],
    ['fd00::1'],
  ]
  fc.assert(
    fc.property(fc.array(fc.nat(output.length)), (ends) => {
      const heard: unknown[][] = []
      const reader = new SavedSetsReader({
        onSet: (...set) => heard.push(set),
        onMember: (...member) => heard.push(member),
      })
      const cuts = [0, ...ends.toSorted((a, b) => a - b), output.length]
      for (const [i, from] of cuts.entries()) reader.take(output.slice(from, cuts[i + 1] ?? from))
      t.strictSame(heard, told)
    }),
    { numRuns: 100 },
  )
})

t.test('no output makes the parser throw', async () => {
  const noise = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^(create|add) tort\w* [\w:., -]*$/)))
  fc.assert(fc.property(noise, (lines) => parseSavedSets(lines.join('\n')) !== undefined))
})
