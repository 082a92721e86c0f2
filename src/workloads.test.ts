import fc from 'fast-check'
import t from 'tap'
import type { WorkloadEndpoint } from './model/workload-endpoint.ts'
import { workloadState } from './workloads.ts'

/** So that proxy ARP answers for the workloads' gateway on a node without a default route. */
const gateway = { destination: '169.254.1.1/32', nextHop: { type: 'unicast', device: 'lo', scope: 'link' } }
const forwarding = { path: 'net/ipv4/ip_forward', value: '1' }

t.test('a node without workloads still forwards', async (t) => {
  t.strictSame(workloadState([]), { links: [], sysctls: [forwarding], routes: [], holders: new Map(), gateway: [] })
})

t.test('an IPv4 workload gets link, proxy ARP, forwarding, reverse-path filter and its /32', async (t) => {
  t.strictSame(workloadState([endpoint('web', 'tort1', ['10.244.1.7/32'])]), {
    links: [
      { name: 'tort1', up: true },
      { name: 'lo', up: true },
    ],
    sysctls: [
      forwarding,
      { path: 'net/ipv4/conf/tort1/proxy_arp', value: '1', link: 'tort1' },
      { path: 'net/ipv4/neigh/tort1/proxy_delay', value: '0', link: 'tort1' },
      { path: 'net/ipv4/conf/tort1/forwarding', value: '1', link: 'tort1' },
      { path: 'net/ipv4/conf/tort1/rp_filter', value: '1', link: 'tort1' },
      { path: 'net/ipv6/conf/tort1/accept_ra', value: '0', link: 'tort1' },
    ],
    routes: [{ destination: '10.244.1.7/32', nextHop: { type: 'unicast', device: 'tort1', scope: 'link' } }],
    holders: new Map([['10.244.1.7/32', 'default/web']]),
    gateway: [gateway],
  })
})

t.test('§6.9 where some other sources are allowed the kernel’s own reverse-path filter is off', async (t) => {
  const spoofer = endpoint('web', 'tort1', ['10.244.1.7/32'])
  const spec = { ...spoofer.spec, allowSpoofedSourcePrefixes: ['192.0.2.0/24'] }
  const filters = (allowSpoofing: boolean) =>
    workloadState([{ ...spoofer, spec }, endpoint('web2', 'tort2', ['10.244.1.8/32'])], { allowSpoofing })
      .sysctls.filter(({ path }) => path.endsWith('rp_filter'))
      .map(({ value }) => value)
  t.strictSame(
    [filters(false), filters(true)],
    [
      ['1', '1'],
      ['0', '1'],
    ],
  )
})

t.test('an IPv6 address adds proxy NDP and forwarding of the family', async (t) => {
  const { sysctls, routes } = workloadState([endpoint('web', 'tort1', ['fd00:1::7/128'])])
  t.strictSame(sysctls.slice(6), [
    { path: 'net/ipv6/conf/tort1/proxy_ndp', value: '1', link: 'tort1' },
    { path: 'net/ipv6/conf/tort1/forwarding', value: '1', link: 'tort1' },
    { path: 'net/ipv6/conf/all/forwarding', value: '1' },
  ])
  t.strictSame(routes, [{ destination: 'fd00:1::7/128', nextHop: { type: 'unicast', device: 'tort1', scope: 'link' } }])
})

t.test('a kernel without IPv6 is asked for nothing of it', async (t) => {
  const web = (addresses: string[]) => endpoint('web', 'tort1', addresses)
  const { sysctls, routes, links } = workloadState([web(['10.244.1.7/32', 'fd00:1::7/128'])], { kernelHasIpv6: false })
  const only4 = workloadState([web(['10.244.1.7/32'])])
  t.strictSame({ routes, links }, { routes: only4.routes, links: only4.links })
  t.strictSame(sysctls, only4.sysctls.slice(0, -1), 'all but accept_ra')
})

t.test('who has an address is told by uid: another endpoint may come under the same name', async (t) => {
  const web = endpoint('web', 'tort1', ['10.244.1.7/32', 'fd00:1::7/128'])
  const { holders } = workloadState([{ ...web, metadata: { ...web.metadata, uid: 'u-1' } }, endpoint('x', 'tort2', ['10.244.1.7/32'])])
  t.strictSame(
    [...holders],
    [
      ['10.244.1.7/32', 'u-1'],
      ['fd00:1::7/128', 'u-1'],
    ],
  )
})

t.test('an endpoint without an interface needs nothing here', async (t) => {
  const { interfaceName: _, ...spec } = endpoint('web', 'tort1', ['10.244.1.7/32']).spec
  t.strictSame(workloadState([{ ...endpoint('web', 'tort1', []), spec }]).routes, [])
})

t.test('the order in which endpoints came never matters', async () => {
  const endpoints = [
    endpoint('a', 'tort1', ['10.0.0.1/32']),
    endpoint('b', 'tort2', ['10.0.0.1/32', '10.0.0.2/32']),
    endpoint('c', 'tort3', ['fd00::1/128']),
  ]
  const shown = (list: readonly WorkloadEndpoint[]) =>
    JSON.stringify(workloadState(list), (_, value) => (value instanceof Map ? [...value] : value))
  const expected = shown(endpoints)
  fc.assert(fc.property(fc.shuffledSubarray(endpoints, { minLength: 3 }), (shuffled) => shown(shuffled) === expected))
})

function endpoint(name: string, interfaceName: string, ipNetworks: string[]): WorkloadEndpoint {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { name, namespace: 'default' },
    spec: { node: 'node-a', interfaceName, ipNetworks },
  }
}
