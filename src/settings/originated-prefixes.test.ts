import t from 'tap'
import { resources } from './fixture.ts'
import { servicePrefixes } from './originated-prefixes.ts'

function prefixes(...configurations: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  const written = Object.fromEntries(configurations.map((spec, i) => [`node.${i}`, spec]))
  return servicePrefixes(resources({ bgp: written }).bgpConfigurations.map(({ spec }) => spec))
}

const cidr = (...texts: readonly string[]) => texts.map((text) => ({ cidr: text }))

t.test('§6.11.1 blocks of cluster, external and load balancer addresses, each once', async (t) => {
  const spec = {
    serviceClusterIPs: cidr('10.96.0.0/12', 'fd96::/112'),
    serviceExternalIPs: cidr('192.0.2.0/24'),
    serviceLoadBalancerIPs: cidr('192.0.2.0/24', '198.51.100.0/24'),
  }
  t.strictSame(prefixes(spec), ['10.96.0.0/12', 'fd96::/112', '192.0.2.0/24', '198.51.100.0/24'])
  t.strictSame(prefixes({}), [])
})

t.test('§6.11.1 load balancer addresses that are not to be aggregated: no block', async (t) => {
  t.strictSame(prefixes({ serviceLoadBalancerIPs: cidr('192.0.2.0/24'), serviceLoadBalancerAggregation: 'Disabled' }), [])
})

t.test('each field from the configuration with the most weight that has it', async (t) => {
  const most = { serviceClusterIPs: cidr('10.1.0.0/16') }
  const least = { serviceClusterIPs: cidr('10.2.0.0/16'), serviceExternalIPs: cidr('192.0.2.0/24') }
  t.strictSame(prefixes(most, least), ['10.1.0.0/16', '192.0.2.0/24'])
})
