import fc from 'fast-check'
import t from 'tap'
import { excess, readSets } from './capabilities.ts'

const status = `Name:	node
Umask:	0022
Uid:	0	0	0	0
Gid:	0	0	0	0
Threads:	11
CapInh:	0000000000000400
CapPrm:	000001ffffffffff
CapEff:	000001ffffffffff
CapBnd:	0000000000003400
CapAmb:	0000000000000001
NoNewPrivs:	1
`
const none = { root: true, inheritable: 0n, permitted: 0n, bounding: 0n, ambient: 0n }

t.test('the sets of /proc/PID/status', async (t) => {
  t.strictSame(readSets(status), { root: true, inheritable: 0x400n, permitted: 0x1ff_ffff_ffffn, bounding: 0x3400n, ambient: 1n })
  t.strictSame(readSets(status.replace('Uid:\t0\t0', 'Uid:\t0\t65534')).root, false)
})

const net = 0x3400n
const sysAdmin = 1n << 21n
const table: [title: string, sets: object, expected: bigint][] = [
  ['none', {}, 0n],
  ['the three of the network', { permitted: net, bounding: net, inheritable: net, ambient: net }, 0n],
  ['SYS_ADMIN permitted', { permitted: net | sysAdmin }, sysAdmin],
  ['SYS_ADMIN ambient', { root: false, ambient: sysAdmin }, sysAdmin],
  ['SYS_ADMIN in the bounding set of root, whose programs get it', { bounding: net | sysAdmin }, sysAdmin],
  ['SYS_ADMIN inheritable by programs of root', { inheritable: sysAdmin }, sysAdmin],
  ['SYS_ADMIN in the bounding set of another user, whose programs do not', { root: false, bounding: net | sysAdmin }, 0n],
]
for (const [title, sets, expected] of table)
  t.test(`more than needed: ${title}`, async (t) => t.equal(excess({ ...none, ...sets }), expected))

t.test('what is in no set is no excess; what is permitted is, or is needed', async () => {
  const mask = fc.bigInt(0n, (1n << 41n) - 1n)
  const sets = fc.record({ root: fc.boolean(), inheritable: mask, permitted: mask, bounding: mask, ambient: mask })
  fc.assert(
    fc.property(sets, (sets) => {
      const more = excess(sets)
      const all = sets.inheritable | sets.permitted | sets.bounding | sets.ambient
      return (more & ~all) === 0n && (more & net) === 0n && (sets.permitted & ~more & ~net) === 0n
    }),
  )
  fc.assert(fc.property(fc.string(), (noise) => readSets(noise).permitted >= 0n))
})
