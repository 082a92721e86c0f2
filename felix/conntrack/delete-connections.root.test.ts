/** Entries of the real kernel, in a network namespace of this process's own. */
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import { run } from '../../src/os/process.ts'
import { enterNetns } from '../test-netns.ts'
import { deleteConnections } from './delete-connections.ts'
import { entries, makeEntries, type TestEntry } from './test-entries.ts'

const gone = ['10.0.0.1/32', 'fd00::1/128'] as Cidr[]

t.beforeEach(async () => {
  await enterNetns()
})

t.test('the entries of an address go, on whichever side of either direction it stands, and no others', async (t) => {
  const theirs: readonly TestEntry[] = [
    { from: '10.0.0.1', to: '192.0.2.1', port: 1 },
    { from: '192.0.2.1', to: '10.0.0.1', port: 2 },
    { from: '192.0.2.1', to: '10.96.0.1', port: 3, replyFrom: '10.0.0.1' }, // as to a service
    { from: '192.0.2.2', to: '192.0.2.1', port: 4, replyTo: '10.0.0.1' },
    { from: '10.0.0.1', to: '192.0.2.1', port: 5, replyTo: '10.99.0.1' }, // as masqueraded
    { from: 'fd00::1', to: '2001:db8::1', port: 1 },
    { from: '2001:db8::1', to: 'fd00::1', port: 2 },
    { from: '2001:db8::1', to: 'fd00:96::1', port: 3, replyFrom: 'fd00::1' },
  ]
  const others: readonly TestEntry[] = [
    { from: '10.0.0.11', to: '192.0.2.1', port: 1 },
    { from: '192.0.2.1', to: '110.0.0.1', port: 1 },
    { from: '10.0.0.1', to: '192.0.2.9', port: 1, zone: 5 },
    { from: 'fd00::11', to: '2001:db8::1', port: 1 },
    { from: '2001:db8::1', to: 'fd01::1', port: 1 },
  ]
  await makeEntries(others)
  const expected = await entries()
  t.equal(expected.length, others.length)
  await makeEntries(theirs)
  t.equal(await deleteConnections(gone), theirs.length)
  t.strictSame(await entries(), expected)
  t.equal(await deleteConnections(gone), 0)
})

t.test('a table of 100,000 entries is gone through in many turns, all that is to go goes', async (t) => {
  const count = 100_000
  await makeEntries(
    Array.from({ length: count }, (_, i) => ({
      from: i % 4 === 0 ? '10.0.0.1' : `10.1.${(i >> 8) & 0xff}.${i & 0xff}`,
      to: `10.2.${(i >> 14) & 0xff}.1`,
      port: 1 + (i & 0x3fff),
    })),
  )
  let turns = 0
  let isDone = false
  const counting = (async () => {
    for (; !isDone; turns++) await turn()
  })()
  t.equal(await deleteConnections(gone), count / 4)
  isDone = true
  await counting
  t.ok(turns > 10, `${turns} turns for others`)
  t.equal((await entries()).length, (count * 3) / 4)
})

t.test('where it is over before the end, the rest is left', async (t) => {
  await makeEntries([{ from: '10.0.0.1', to: '192.0.2.1', port: 1 }])
  t.equal(await deleteConnections(gone, () => true), 0)
  t.equal((await entries()).length, 1)
})

t.test('without CAP_NET_ADMIN the kernel’s refusal is told', async (t) => {
  const script = `
    import { deleteConnections } from ${JSON.stringify(import.meta.resolve('./delete-connections.ts'))}
    console.log(await deleteConnections(['10.0.0.1/32']).catch(({ name, code, message }) => [name, code, message].join(', ')))`
  const { stdout, stderr } = await run(
    'setpriv',
    ['--bounding-set=-net_admin', '--inh-caps=-net_admin', process.execPath, '--input-type=module', '--eval', script],
    { timeoutMs: 30_000 },
  )
  t.equal(stdout.trim(), 'NetlinkSocketError, EPERM, netlink ctnetlink dump: EPERM', stderr)
})
