/** A packet whose transport header cannot be read is nothing that may be excluded: it must not pass a rule that denies all but that. */
import { spawnSync } from 'node:child_process'
import { pino } from 'pino'
import t from 'tap'
import type { Family } from '../../src/net/address.ts'
import type { Chain, Hook, Match, PortRange } from '../kernel.ts'
import { enterNetns } from '../test-netns.ts'
import { readCounts } from './counted-rules.ts'
import { NftPolicy } from './nft-policy.ts'

type Packet = readonly [protocol: number, octets: readonly number[]]

const loopback = { 4: 'IP4-SENDTO:127.0.0.1', 6: 'IP6-SENDTO:[::1]' } as const
const [TCP, UDP, ICMPV6, DESTINATION_OPTIONS] = [6, 17, 58, 60]
const ports80 = [1, 0, 0, 80, 0, 0, 0, 0]
const http: readonly PortRange[] = [{ from: 80, to: 80 }]

function send(family: Family, [protocol, octets]: Packet): void {
  const to = `${loopback[family]}:${protocol}`
  const { status, stderr } = spawnSync('socat', ['-u', '-', to], { input: Buffer.from(octets), encoding: 'utf8' })
  if (status !== 0) throw new Error(`socat ${to}: ${stderr}`)
}

/** Options of 2,048 octets that are said to come before a TCP header, and do not. */
const cutOff: Packet = [DESTINATION_OPTIONS, [TCP, 255]]

const tcp: Match = { type: 'protocol', protocol: 'tcp' }
const withPort = (family: Family) => ({ set: `tort${family}p:ports`, withPort: true, negated: true }) as const

/** @property excluded passes, as it is not denied. @property unreadable in both families */
type Case = { readonly match: (family: Family) => readonly Match[]; readonly excluded: Packet; readonly unreadable: readonly Packet[] }

const cases: Readonly<Record<string, Case>> = {
  'destination ports': {
    match: () => [tcp, { type: 'destination-ports', ports: http, negated: true }],
    excluded: [TCP, ports80],
    unreadable: [
      [TCP, [0]],
      [TCP, [1, 0, 0]],
    ],
  },
  'source ports': {
    match: () => [tcp, { type: 'source-ports', ports: [{ from: 256, to: 300 }], negated: true }],
    excluded: [TCP, ports80],
    unreadable: [[TCP, [1]]],
  },
  'named destination ports of any protocol': {
    match: (family) => [{ type: 'destination-set', ...withPort(family) }],
    excluded: [TCP, ports80],
    unreadable: [
      [TCP, [1, 0, 0]],
      [UDP, [0]],
    ],
  },
  'a protocol': { match: () => [{ type: 'protocol', protocol: 'tcp', negated: true }], excluded: [TCP, ports80], unreadable: [] },
  'a type and code of ICMP': {
    match: () => [
      { type: 'protocol', protocol: 'icmpv6' },
      { type: 'icmp', icmpType: 200, code: 1, negated: true },
    ],
    excluded: [ICMPV6, [200, 1, 0, 0, 0, 0, 0, 0]],
    unreadable: [],
  },
}

for (const [title, { match, excluded, unreadable }] of Object.entries(cases)) {
  for (const family of [4, 6] as const) {
    const cut = family === 6 ? [...unreadable, cutOff] : unreadable
    if (cut.length === 0) continue // the kernel sends no shorter ones
    t.test(`what denies all but ${title} denies what cannot be read (IPv${family})`, async (t) => {
      await enterNetns()
      const dependencies = {
        nowMs: () => performance.now(),
        log: pino({ level: 'silent' }),
        repairs: { note: () => {} },
        onSuspect: () => {},
      }
      const writer = new NftPolicy('a test', dependencies)
      t.teardown(() => writer.close())
      const hook: Hook = {
        family,
        table: 'filter',
        kernelChain: 'INPUT',
        at: 'insert',
        rule: { match: [], action: { type: 'jump', chain: 'tort-INPUT' } },
      }
      const chain: Chain = {
        family,
        table: 'filter',
        name: 'tort-INPUT',
        rules: [
          { match: match(family), action: { type: 'drop' }, comment: 'rule 0' },
          { match: [], action: { type: 'accept' }, comment: 'passed' },
        ],
      }
      const members = new Set([family === 4 ? '127.0.0.1,tcp:80' : '::1,tcp:80'])
      const ipSets = [{ name: `tort${family}p:ports`, type: 'hash:ip,port', family, members } as const]
      t.strictSame((await writer.apply({ ipSets, chains: [chain], hooks: [hook] }, true)).unprogrammed, new Map())
      const passed = async () => {
        const rules = (await readCounts()).flatMap(({ chains }) => chains.get('tort-INPUT') ?? [])
        return rules.find(({ note }) => note === 'passed')?.packets
      }
      for (const packet of cut) send(family, packet)
      t.equal(await passed(), 0)
      send(family, excluded)
      t.ok(((await passed()) ?? 0) > 0, 'and nothing more')
    })
  }
}
