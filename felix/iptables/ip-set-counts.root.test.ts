import t from 'tap'
import { run } from '../../src/os/process.ts'
import { HEADER_LENGTH, NLMSG_DONE, NLMSG_ERROR, putHeader, putU32 } from '../netlink/netlink-message.ts'
import { enterNetns } from '../test-netns.ts'
import { IpSetCounts, readCounts } from './ip-set-counts.ts'

await enterNetns()

async function ipset(lines: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run('ipset', ['restore'], { input: `${lines.join('\n')}\n`, timeoutMs: 20_000 })
  if (exitCode !== 0) throw new Error(stderr)
}

t.test('members of each set are counted, of both families, more sets than one datagram holds', async (t) => {
  const counts = await IpSetCounts.open()
  t.teardown(() => counts.close())
  t.strictSame(counts.read(), new Map())
  const names = Array.from({ length: 1_000 }, (_, i) => `tort4s:${i}`)
  await ipset([
    ...names.map((name) => `create ${name} hash:ip`),
    'create six hash:net family inet6',
    'add tort4s:0 10.0.0.1',
    'add tort4s:0 10.0.0.2',
    'add six fd00::/64',
  ])
  const expected = new Map<string, number>([...names.map((name) => [name, 0] as const), ['tort4s:0', 2], ['six', 1]])
  const counted = counts.read()
  t.strictSame(new Map([...names, 'six'].map((name) => [name, counted.get(name)])), expected)
  t.equal(counted.size, expected.size)
  await ipset(['flush tort4s:0', 'destroy six'])
  const now = counts.read()
  t.strictSame([now.size, now.get('tort4s:0'), now.get('six')], [1_000, 0, undefined])
})

function verdict(type: number, errno: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + 4)
  putHeader(bytes, 0, bytes.length, type, 0, 1)
  putU32(bytes, HEADER_LENGTH, -errno)
  return bytes
}

t.test("the end of the list, and the kernel's refusal", async (t) => {
  t.equal(readCounts(verdict(NLMSG_DONE, 0), 20, new Map()), true)
  t.throws(() => readCounts(verdict(NLMSG_ERROR, 22), 20, new Map()), { message: 'netlink: IP sets cannot be listed: EINVAL' })
})
