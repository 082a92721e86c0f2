import t from 'tap'
import { effectiveFelix } from './effective-felix.ts'
import { config, here, interfaceAddress } from './fixture.ts'
import { needRestart } from './need-restart.ts'
import type { StatedAddresses } from './own-node.ts'

const before = { felix: effectiveFelix(config(), []) }

const table: [title: string, file: string, stated: StatedAddresses, expected: readonly (readonly [subject: string, message: string])[]][] =
  [
    ['nothing changed', '', {}, []],
    ['the address is said as it is', '', { ipv4: interfaceAddress('10.99.0.1/24') }, []],
    ['what is taken live', 'log: {level: error}', {}, []],
    [
      'another interface prefix',
      'felix: {interfacePrefix: cali}',
      {},
      [['felix/interfacePrefix', 'cali needs a restart of the agent: until then tort is used']],
    ],
    [
      'another backend',
      'felix: {iptablesBackend: nft}',
      {},
      [['felix/iptablesBackend', 'nft needs a restart of the agent: until then auto is used']],
    ],
    [
      'nftables in place of iptables',
      'felix: {nftablesMode: enabled}',
      {},
      [['felix/nftablesMode', 'enabled needs a restart of the agent: until then auto is used']],
    ],
    [
      'another address, and one that was not there',
      '',
      { ipv4: interfaceAddress('10.99.0.1/16'), ipv6: interfaceAddress('fd99::1/64') },
      [
        ['node/ipv4', '10.99.0.1/16 needs a restart of the agent: until then 10.99.0.1/24 is used'],
        ['node/ipv6', 'fd99::1/64 needs a restart of the agent: until then none is used'],
      ],
    ],
  ]
for (const [title, file, stated, expected] of table)
  t.test(title, async (t) => {
    const problems = needRestart(before, { felix: effectiveFelix(config(file), []) }, here.addresses, stated)
    t.strictSame(
      problems.map(({ subject, message }) => [subject, message]),
      expected,
    )
    t.ok(problems.every(({ severity }) => severity === 'warning'))
  })
