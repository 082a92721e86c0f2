/** A packet without ports is in no set of addresses and ports: the kernel must not pass it by a rule that denies all but such a set. */
import { spawnSync } from 'node:child_process'
import { pino } from 'pino'
import t from 'tap'
import type { Chain, Hook, Match } from '../kernel.ts'
import { policyRuleCounts } from '../rule-counts.ts'
import { enterNetns } from '../test-netns.ts'
import { readCounts } from './counted-rules.ts'
import { NftPolicy } from './nft-policy.ts'

const families = [4, 6] as const
const name = (family: 4 | 6) => `tort${family}p:ports`

/** Of protocol 253 (RFC 3692), which has no ports and here hardly a payload. */
function send(octets: number): void {
  for (const to of ['IP4-SENDTO:127.0.0.1:253', 'IP6-SENDTO:[::1]:253']) {
    const { status, stderr } = spawnSync('socat', ['-u', '-', to], { input: 'x'.repeat(octets), encoding: 'utf8' })
    if (status !== 0) throw new Error(`socat ${to}: ${stderr}`)
  }
}

for (const type of ['source-set', 'destination-set'] as const) {
  t.test(`${type}: all but named ports is what has no ports, too, each packet counted once`, async (t) => {
    await enterNetns()
    const repairs = { note: () => {} }
    const writer = new NftPolicy('a test', { nowMs: () => performance.now(), log: pino({ level: 'silent' }), repairs, onSuspect: () => {} })
    t.teardown(() => writer.close())
    const hook = (family: 4 | 6): Hook => ({
      family,
      table: 'filter',
      kernelChain: 'INPUT',
      at: 'insert',
      rule: { match: [], action: { type: 'jump', chain: 'tort-INPUT' } },
    })
    const match = (family: 4 | 6): Match => ({ type, set: name(family), withPort: true, negated: true })
    const chains = families.map((family): Chain => {
      const drop = { match: [match(family)], action: { type: 'drop' }, comment: 'rule 0' } as const
      return { family, table: 'filter', name: 'tort-INPUT', rules: [drop] }
    })
    const ipSets = families.map((family) => ({ name: name(family), type: 'hash:ip,port', family, members: new Set<string>() }) as const)
    const { unprogrammed } = await writer.apply({ ipSets, chains, hooks: families.map(hook) }, true)
    t.strictSame(unprogrammed, new Map())
    const lengths = [1, 3, 4, 20]
    for (const octets of lengths) send(octets)
    const counts = (await readCounts()).map(({ family, chains }) => {
      return [family, policyRuleCounts(chains.get('tort-INPUT') ?? []).get(0)?.packets]
    })
    t.strictSame(counts, [
      [4, lengths.length],
      [6, lengths.length],
    ])
  })
}
