/** Copies of real packets, in a network namespace of this process's own. */
import dgram from 'node:dgram'
import t from 'tap'
import { run } from '../../src/os/process.ts'
import { enterNetns } from '../test-netns.ts'
import { NflogListener } from './nflog-listener.ts'
import type { PacketCopy } from './nflog-message.ts'

await enterNetns()
const group = 116

async function iptables(command: string, ...rule: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run(command, rule, { timeoutMs: 10_000 })
  if (exitCode !== 0) throw new Error(stderr)
}

async function send(address: string, count: number): Promise<void> {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => socket.send('x', 9, address, () => resolve()))
  socket.close()
}

/** All copies until there are `count`. */
async function copies(listener: NflogListener, count: number): Promise<readonly PacketCopy[]> {
  const found: PacketCopy[] = []
  while (found.length < count) {
    listener.read(
      (copy) => found.push(copy),
      () => false,
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return found
}

for (const [backend, address] of [
  ['iptables-nft', '127.0.0.1'],
  ['iptables-legacy', '127.0.0.1'],
  ['ip6tables-nft', '::1'],
  ['ip6tables-legacy', '::1'],
] as const)
  t.test(`${backend}: each packet that a rule copies is told, with the words of the rule`, async (t) => {
    const rule = ['OUTPUT', '-p', 'udp', '--dport', '9', '-j', 'NFLOG', '--nflog-group', String(group), '--nflog-prefix', 'tortie denied']
    await iptables(backend, '-A', ...rule)
    const listener = await NflogListener.open(group)
    t.teardown(() => listener.close())
    await send(address, 3)
    const found = await copies(listener, 3)
    t.match(found, [{ sequence: 0 }, { sequence: 1 }, { sequence: 2 }])
    for (const copy of found)
      t.match(copy, {
        prefix: 'tortie denied',
        inIndex: 0,
        outIndex: 1,
        packet: { source: address, destination: address, protocol: 17, destinationPort: 9 },
      })
    t.strictSame(listener.counters, { read: 3, lost: 0, unread: 0 })
    await iptables(backend, '-D', ...rule)
  })

t.test('a group has one listener: the second is refused, and has it once the first is gone', async (t) => {
  const first = await NflogListener.open(group)
  await t.rejects(NflogListener.open(group), { code: 'EPERM' })
  first.close()
  const second = await NflogListener.open(group)
  second.close()
})

t.test('what nobody reads is dropped by the kernel, and counted', async (t) => {
  await iptables('iptables-nft', '-A', 'OUTPUT', '-p', 'udp', '-j', 'NFLOG', '--nflog-group', String(group))
  const listener = await NflogListener.open(group)
  t.teardown(() => listener.close())
  const sent = 30_000
  await send('127.0.0.1', sent)
  let read = 0
  listener.read(
    () => read++,
    () => false,
  )
  t.ok(read < sent, `${read} fit into the buffer`)
  await send('127.0.0.1', 1)
  const last = async () => (await copies(listener, 1)).some(({ sequence }) => sequence === sent)
  while (!(await last()));
  t.equal(listener.counters.read + listener.counters.lost, sent + 1)
})
