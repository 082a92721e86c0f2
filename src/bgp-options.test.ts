import t from 'tap'
import { peerConfigs, speakerOptions } from './bgp-options.ts'
import { type Config, loadConfig } from './config.ts'
import type { IpAddress } from './net/address.ts'
import { asn } from './net/asn.ts'
import { type InterfaceAddress, parseInterfaceAddress } from './net/prefix.ts'

const ipv4 = address('10.99.0.1/24')
const ipv6 = address('fd99::1/64')
const peers =
  '[{name: tor1, address: 10.99.0.2, asNumber: 65002}, {name: tor2, address: 10.99.0.3, asNumber: 65003, families: [ipv6-unicast], passwordFile: /key}]'

t.test('the speaker’s next hops are the node’s addresses', async (t) => {
  const listenAddresses = [ipv4.address, ipv6.address]
  const bgp = { asNumber: asn(64_512), routerId: ipv4.address, listenAddresses, listenPort: 179 }
  t.strictSame(speakerOptions(bgp, { ipv4, ipv6 }), {
    asNumber: 64512,
    routerId: 0x0a630001,
    listenAddresses: ['10.99.0.1', 'fd99::1'],
    listenPort: 179,
    localAddress: { ipv4: '10.99.0.1', ipv6: 'fd99::1' },
    restartTimeSec: 120,
  })
})

t.test('identifiers are numbers', async (t) => {
  const routerId = '255.0.0.1' as IpAddress
  const clusterId = '10.0.0.9' as IpAddress
  const bgp = { asNumber: asn(65_001), routerId, clusterId, listenAddresses: [ipv4.address], listenPort: 1790 }
  t.strictSame(speakerOptions(bgp, { ipv4 }), {
    asNumber: 65001,
    routerId: 0xff000001,
    clusterId: 0x0a000009,
    listenAddresses: ['10.99.0.1'],
    listenPort: 1790,
    localAddress: { ipv4: '10.99.0.1' },
    restartTimeSec: 120,
  })
})

t.test('INTERFACE §2: a peer’s families default to those the node has an address of', async (t) => {
  const families = (node: { ipv4: InterfaceAddress; ipv6?: InterfaceAddress }) =>
    peerConfigs(config(`bgp: {peers: ${peers}}`), node, new Map(), 64_512).map((peer) => peer.families)
  t.strictSame(families({ ipv4 }), [['ipv4-unicast'], ['ipv6-unicast']])
  t.strictSame(families({ ipv4, ipv6 }), [['ipv4-unicast', 'ipv6-unicast'], ['ipv6-unicast']])
})

t.test('what is not said of restarts is left to the speaker; a long-lived stale time of 0 is none', async (t) => {
  const restarts = (more: string) =>
    peerConfigs(config(`bgp: {peers: [{name: tor1, address: 10.99.0.2, asNumber: 65002${more}}]}`), { ipv4 }, new Map(), 64_512).map(
      ({ restartTimeSec, longLivedStaleSec }) => [restartTimeSec, longLivedStaleSec],
    )
  t.strictSame(restarts(''), [[undefined, undefined]])
  t.strictSame(restarts(', restartTimeSec: 0, longLivedStaleSec: 0'), [[0, undefined]])
  t.strictSame(restarts(', restartTimeSec: 4095, longLivedStaleSec: 16777215'), [[4095, 16_777_215]])
})

t.test('a password that was read from a file belongs to its peer alone', async (t) => {
  const passwords = peerConfigs(config(`bgp: {peers: ${peers}}`), { ipv4 }, new Map([['tor2', 'secret']]), 64_512).map(
    (peer) => peer.password,
  )
  t.strictSame(passwords, [undefined, 'secret'])
})

function config(text: string): Config {
  const loaded = loadConfig(text, 'test', {})
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

function address(text: string): InterfaceAddress {
  const parsed = parseInterfaceAddress(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}
