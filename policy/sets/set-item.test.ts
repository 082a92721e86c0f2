import t from 'tap'
import type { Resource } from '../../src/model/resource.ts'
import { bareAddress } from '../../src/net/prefix.ts'
import { endpoint, globalPolicy, hostEndpoint, networkSet } from '../test-resources.ts'
import { portMembers, sameItem, setItemOf } from './set-item.ts'

const http = { name: 'http', protocol: 'TCP', port: 80 }

const table: [title: string, resource: Resource, members: readonly string[], ports: unknown][] = [
  ['an endpoint gives its addresses', endpoint('e', { ipNetworks: ['10.0.0.1/32', 'FD00::1/128'] }), ['10.0.0.1', 'fd00::1'], {}],
  ['an endpoint without addresses gives nothing', endpoint('e', { ports: [http] }), [], { http: [] }],
  [
    'its ports, each with each address, in the words of ipset',
    endpoint('e', {
      ipNetworks: ['10.0.0.1/32', 'fd00::1/128'],
      ports: [http, { ...http, port: 81 }, { name: 'dns', protocol: 'UDP', port: 53 }],
    }),
    ['10.0.0.1', 'fd00::1'],
    {
      http: ['10.0.0.1,tcp:80', 'fd00::1,tcp:80', '10.0.0.1,tcp:81', 'fd00::1,tcp:81'],
      dns: ['10.0.0.1,udp:53', 'fd00::1,udp:53'],
    },
  ],
  [
    '§6.4: a network set masks its nets',
    networkSet('s', ['10.1.2.3/8', '192.0.2.1', 'fd00::5/64'], {}),
    ['10.0.0.0/8', '192.0.2.1', 'fd00::/64'],
    {},
  ],
  ['equal nets are one member', networkSet('s', ['10.0.0.1/8', '10.0.0.2/8'], {}, 'shop'), ['10.0.0.0/8'], {}],
]
for (const [title, resource, members, ports] of table) {
  t.test(title, async (t) => {
    const item = setItemOf(resource)
    const texts = (list: readonly { readonly text: string }[] = []) => list.map(({ text }) => text)
    t.strictSame(texts(item?.members), members)
    const named = [...(item?.ports.keys() ?? [])].map((name) => [name, texts(item && portMembers(item, name))])
    t.strictSame(Object.fromEntries(named), ports)
    t.equal(item?.nets, resource.kind !== 'WorkloadEndpoint')
    t.ok(item?.members.every(({ family, text }) => (family === 6) === text.includes(':')))
  })
}

t.test('the unspecified address is that of nobody: `ipset` would refuse the sets of all who match the same selectors', async (t) => {
  const [v4, v6] = ['0.0.0.0', '::']
  const item = setItemOf(hostEndpoint('h', { expectedIPs: [v4, '192.0.2.1', v6], ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }))
  t.strictSame(item?.members, [{ family: 4, text: '192.0.2.1' }])
  t.strictSame(item && portMembers(item, 'http'), [{ family: 4, text: '192.0.2.1,tcp:80' }])
})

t.test('§6.16: a Node is in sets with its own addresses, each once, not with those of its tunnels', async (t) => {
  const bgp = { ipv4Address: '192.0.2.1/24', ipv6Address: '2001:db8::1/64', ipv4IPIPTunnelAddr: '10.9.0.1' }
  const spec = { bgp, addresses: [{ address: '192.0.2.1' }, { address: '198.51.100.1/24' }], interfaces: [{ addresses: ['203.0.113.1'] }] }
  const item = setItemOf({ apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name: 'n' }, spec })
  t.strictSame(
    item?.members.map(({ text }) => bareAddress(text)),
    ['192.0.2.1', '2001:db8::1', '198.51.100.1', '203.0.113.1'],
  )
})

t.test('a port named twice counts once', async (t) => {
  const item = setItemOf(endpoint('e', { ipNetworks: ['10.0.0.1/32'], ports: [http, http] }))
  t.strictSame(item && portMembers(item, 'http'), [{ family: 4, text: '10.0.0.1,tcp:80' }])
})

t.test('other kinds are in no set', async (t) => t.equal(setItemOf(globalPolicy('p', {})), undefined))

const pairs: [title: string, a: Resource, b: Resource, same: boolean][] = [
  [
    'labels do not matter',
    endpoint('a', { ipNetworks: ['10.0.0.1/32'] }, { x: '1' }),
    endpoint('b', { ipNetworks: ['10.0.0.1/32'] }),
    true,
  ],
  ['addresses do', endpoint('a', { ipNetworks: ['10.0.0.1/32'] }), endpoint('a', { ipNetworks: ['10.0.0.2/32'] }), false],
  [
    'one address more does',
    endpoint('a', { ipNetworks: ['10.0.0.1/32'] }),
    endpoint('a', { ipNetworks: ['10.0.0.1/32', 'fd00::1/128'] }),
    false,
  ],
  ['a port does', endpoint('a', { ipNetworks: ['10.0.0.1/32'], ports: [http] }), endpoint('a', { ipNetworks: ['10.0.0.1/32'] }), false],
  [
    'its number does',
    endpoint('a', { ipNetworks: ['10.0.0.1/32'], ports: [http] }),
    endpoint('a', { ipNetworks: ['10.0.0.1/32'], ports: [{ ...http, port: 81 }] }),
    false,
  ],
]
for (const [title, a, b, same] of pairs) {
  t.test(`the same to every set: ${title}`, async (t) => {
    const [one, two] = [setItemOf(a), setItemOf(b)]
    t.equal(one !== undefined && two !== undefined && sameItem(one, two) && sameItem(two, one), same)
  })
}
