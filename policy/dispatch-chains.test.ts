import fc from 'fast-check'
import t from 'tap'
import type { Chain } from '../felix/kernel.ts'
import type { IpAddress } from '../src/net/address.ts'
import { chainText } from './chain-text.ts'
import { type Packet, walk } from './chain-walk.ts'
import { dispatchChains } from './dispatch-chains.ts'
import { endpointChainName } from './names.ts'

const many = [...Array(18).keys()].map((i) => `tort${i.toString(36)}${i < 2 ? 'x' : ''}`)

function texts(interfaces: readonly string[]): readonly string[] {
  return dispatchChains(interfaces, [4]).map(chainText)
}

t.test('no interface: whatever has our prefix is unknown and dropped', async (t) => {
  t.strictSame(texts([]), ['-A tort-to-wl -j DROP # Unknown interface', '-A tort-from-wl -j DROP # Unknown interface'])
})

t.test('few interfaces are a flat list, in text order whatever the order they came in', async (t) => {
  t.strictSame(texts(['tortb', 'torta']), texts(['torta', 'tortb']))
  t.equal(
    texts(['tortb', 'torta'])[1],
    `
-A tort-from-wl -i torta -g tort-fw-torta
-A tort-from-wl -i tortb -g tort-fw-tortb
-A tort-from-wl -j DROP # Unknown interface`.trim(),
  )
})

t.test('many interfaces branch at the first character that tells them apart', async (t) => {
  const chains = texts([...many, 'tort0y'])
  t.equal(chains.length, 4)
  t.match(chains[0], /^-A tort-to-wl -o tort0\+ -g tort-to-wl-tort0\n-A tort-to-wl -o tort1x -g tort-tw-tort1x\n/)
  t.equal(
    chains[1],
    `
-A tort-to-wl-tort0 -o tort0x -g tort-tw-tort0x
-A tort-to-wl-tort0 -o tort0y -g tort-tw-tort0y
-A tort-to-wl-tort0 -j DROP # Unknown interface`.trim(),
  )
})

t.test('an interface that is the beginning of others is found too', async (t) => {
  const names = [...many, 'tort', 'tort0', 'tort0xy']
  for (const name of names) t.equal(reached(names, name), endpointChainName('egress', name))
})

function reached(names: readonly string[], from: string): string {
  const leaves = names.map(
    (name): Chain => ({
      family: 4,
      table: 'filter',
      name: endpointChainName('egress', name),
      rules: [{ match: [], action: { type: 'log', prefix: name } }],
    }),
  )
  const packet: Packet = {
    inInterface: from,
    outInterface: '',
    source: '10.0.0.1' as IpAddress,
    destination: '10.0.0.2' as IpAddress,
    protocol: 6,
    state: 'NEW',
    mark: 0,
  }
  const rule = { match: [], action: { type: 'goto' as const, chain: 'tort-from-wl' } }
  const hooks = [{ family: 4 as const, table: 'filter' as const, kernelChain: 'FORWARD', at: 'insert' as const, rule }]
  const { verdict, log } = walk({ chains: [...dispatchChains(names, [4]), ...leaves], hooks, ipSets: [] }, 'filter', 'FORWARD', packet)
  return verdict === 'drop' ? 'drop' : endpointChainName('egress', log.join())
}

t.test('every interface reaches its own chain, any other is dropped, and no walk sees more than some 40 rules a level', async () => {
  const suffix = fc.stringMatching(/^[ab0-3]{0,5}$/).map((text) => `tort${text}`)
  fc.assert(
    fc.property(fc.uniqueArray(suffix, { maxLength: 60 }), suffix, (names, other) => {
      const expected = (name: string) => (names.includes(name) ? endpointChainName('egress', name) : 'drop')
      const small = dispatchChains(names, [4]).every(({ rules }) => rules.length <= 40)
      return small && [...names, other].every((name) => reached(names, name) === expected(name))
    }),
  )
})
