/** Speakers on loopback addresses whose TCP is secured: keys (RFC 2385) and hop counts (RFC 5082), checked by the kernel. */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import type { PeerConfig } from '../peer.ts'
import { address, freePort, peerConfig, speakerFor, until } from './fixture.ts'
import { PlainSockets } from './plain-sockets.ts'

t.setTimeout(300_000)

/** The left one dials or waits, the right one does the other. */
async function pair(t: Test, dials: 'left' | 'right', left: Partial<PeerConfig>, right: Partial<PeerConfig>) {
  const port = await freePort()
  const [at, from] = [address('127.0.0.1'), address('127.0.0.2')]
  const ours = speakerFor(t, port)
  const theirs = speakerFor(t, port, {
    asNumber: asn(65002),
    routerId: 2,
    listenAddresses: [from],
    localAddress: { ipv4: from },
  })
  ours.speaker.setPeers([peerConfig({ address: from, port, passive: dials === 'right', ...left })])
  theirs.speaker.setPeers([peerConfig({ address: at, port, asNumber: asn(65001), passive: dials === 'left', ...right })])
  await Promise.all([ours.speaker.start(), theirs.speaker.start()])
  return { ours, theirs }
}

const good: [title: string, left: Partial<PeerConfig>, right: Partial<PeerConfig>][] = [
  ['RFC 2385 the same key', { password: 'secret' }, { password: 'secret' }],
  ['RFC 5082 both are neighbours', { ttlSecurity: 1 }, { ttlSecurity: 1 }],
  ['RFC 5082 one checks, the other is told to send 255', { ttlSecurity: 1 }, { multihop: 255 }],
  ['a key and a hop count', { password: 'secret', ttlSecurity: 1 }, { password: 'secret', ttlSecurity: 1 }],
]
for (const [title, left, right] of good)
  for (const dials of ['left', 'right'] as const)
    t.test(`${title}: a session, the ${dials} one dials`, async (t) => {
      const { ours, theirs } = await pair(t, dials, left, right)
      await until(() => ours.peer().state === 'Established' && theirs.peer().state === 'Established')
      t.strictSame([ours.speaker.problems(), theirs.speaker.problems()], [[], []])
    })

const bad: [title: string, counter: RegExp, left: Partial<PeerConfig>, right: Partial<PeerConfig>][] = [
  ['RFC 2385 another key', /^TCPMD5Failure$/, { password: 'secret' }, { password: 'guess' }],
  ['RFC 2385 no key where one is wanted', /^TCPMD5(NotFound|Unexpected)$/, { password: 'secret' }, {}],
  ['RFC 2385 a key where none is known', /^TCPMD5(NotFound|Unexpected)$/, {}, { password: 'guess' }],
  ['RFC 5082 §3 a TTL that is too low', /^TCPMinTTLDrop$/, { ttlSecurity: 1 }, { multihop: 254 }],
]
for (const [title, counter, left, right] of bad)
  for (const dials of ['left', 'right'] as const)
    t.test(`${title}: the kernel drops it, the ${dials} one dials`, async (t) => {
      const before = await drops(counter)
      const { ours, theirs } = await pair(t, dials, left, right)
      while ((await drops(counter)) <= before + 1) await pause(20)
      t.strictSame([ours.peer().state === 'Established', theirs.peer().state === 'Established'], [false, false])
      t.strictSame([ours.peer().flaps, theirs.peer().flaps], [0, 0])
    })

t.test('where libc cannot be called, who needs it stays down and is told why; others have their session', async (t) => {
  const port = await freePort()
  const plain = speakerFor(t, port, {}, { sockets: new PlainSockets('koffi has no binary for this machine') })
  const names = ['127.0.0.2', '127.0.0.3', '127.0.0.4']
  const [open, signed, near] = names.map((text) => peerConfig({ name: text, address: address(text), port }))
  plain.speaker.setPeers([open, { ...signed, password: 'secret' }, { ...near, ttlSecurity: 1 }] as readonly PeerConfig[])
  const at = address('127.0.0.2')
  const other = speakerFor(t, port, { asNumber: asn(65002), routerId: 2, listenAddresses: [at], localAddress: { ipv4: at } })
  other.speaker.setPeers([peerConfig({ address: address('127.0.0.1'), port, asNumber: asn(65001) })])
  await Promise.all([plain.speaker.start(), other.speaker.start()])
  await until(() => plain.peer('127.0.0.2').state === 'Established')
  t.strictSame(plain.speaker.problems(), [
    {
      subject: 'bgp/peer/127.0.0.3',
      message: 'stays down: TCP MD5 cannot be had on this machine: koffi has no binary for this machine',
    },
    {
      subject: 'bgp/peer/127.0.0.4',
      message: 'stays down: ttlSecurity (RFC 5082) cannot be had on this machine: koffi has no binary for this machine',
    },
  ])
  t.strictSame([plain.peer('127.0.0.3').state, plain.peer('127.0.0.4').state], ['Idle', 'Idle'])
})

/** Segments this kernel has dropped, by the names of /proc/net/netstat. */
async function drops(counter: RegExp): Promise<number> {
  const [names = [], values = []] = (await readFile('/proc/net/netstat', 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  return names.reduce((sum, name, i) => (counter.test(name) ? sum + Number(values[i]) : sum), 0)
}
