import t from 'tap'
import { setChange } from '../felix/iptables/ip-set-text.ts'
import { parseSavedSets } from '../felix/iptables/saved-sets.ts'
import { hashNet } from './hash-net.ts'

t.test('addresses are ranges of one, whether they come with a length or not', async (t) => {
  t.strictSame(
    [...hashNet('tort4i:x', 4, ['10.99.0.2', '10.0.0.0/8', '10.98.0.7/32']).members],
    ['10.0.0.0/8', '10.98.0.7/32', '10.99.0.2/32'],
  )
  t.strictSame([...hashNet('tort6i:x', 6, ['fd00::/64', 'fd99::2']).members], ['fd00::/64', 'fd99::2/128'])
})

t.test('what the kernel lists after it took the set is what is wanted: a check changes nothing', async (t) => {
  const wanted = hashNet('tort4i:x', 4, ['10.99.0.2', '10.0.0.0/8'])
  const create = 'create tort4i:x hash:net family inet hashsize 1024 maxelem 1048576 bucketsize 12 initval 0x1'
  const saved = parseSavedSets(`${create}\nadd tort4i:x 10.99.0.2\nadd tort4i:x 10.0.0.0/8\n`)
  t.strictSame(setChange(wanted, saved.get('tort4i:x'), true).commands, [])
})
