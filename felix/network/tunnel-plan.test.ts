import fc from 'fast-check'
import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import type { Tunnel } from '../kernel.ts'
import type { KernelAddress } from './netlink-address.ts'
import { type ActualTunnel, planRemoval, planTunnel, TUNNEL_LABEL, type TunnelStep } from './tunnel-plan.ts'

const wanted: Tunnel = { type: 'ipip', name: 'tunl0', address: '10.244.1.0' as IpAddress, mtu: 1480 }
const link = { index: 5, name: 'tunl0', up: true, mtu: 1480, ipip: true }

function address(text: string, label: string, length = 32): KernelAddress {
  return { index: 5, family: 4, address: text as IpAddress, length, label }
}

const ours = address('10.244.1.0', TUNNEL_LABEL)
const old = address('10.244.9.0', TUNNEL_LABEL)
const foreign = address('10.7.0.1', 'tunl0')
const fresh: ActualTunnel = { link: { ...link, up: false, mtu: 0 }, addresses: [] }
const done: ActualTunnel = { link, addresses: [ours] }

const plans: [title: string, actual: ActualTunnel, prune: boolean, expected: readonly TunnelStep[]][] = [
  [
    'a fresh device gets its MTU and its address before it is up',
    fresh,
    true,
    [{ type: 'set-mtu', mtu: 1480 }, { type: 'add-address', address: wanted.address }, { type: 'set-up' }],
  ],
  ['a device that is as wanted needs nothing', done, true, []],
  [
    'another address of ours goes after the wanted one has come',
    { link, addresses: [old] },
    true,
    [
      { type: 'add-address', address: wanted.address },
      { type: 'remove-address', address: old },
    ],
  ],
  ['and stays until pruning is allowed', { link, addresses: [old, ours] }, false, []],
  ['an address of others is left', { link, addresses: [foreign, ours] }, true, []],
  ['the wanted address serves whoever put it there', { link, addresses: [address('10.244.1.0', 'tunl0')] }, true, []],
  [
    'but not as part of a subnet',
    { link, addresses: [address('10.244.1.0', 'tunl0', 24)] },
    true,
    [{ type: 'add-address', address: wanted.address }],
  ],
]
for (const [title, actual, prune, expected] of plans) t.test(title, async (t) => t.same(planTunnel(wanted, actual, prune), expected))

const removals: [title: string, actual: ActualTunnel, expected: readonly TunnelStep[]][] = [
  ['unwanted, the device goes down before its label is gone', done, [{ type: 'set-down' }, { type: 'remove-address', address: ours }]],
  ['all addresses of ours go', { link: { ...link, up: false }, addresses: [ours, old] }, [ours, old].map(removal)],
  ['a device that others use beside us stays up', { link, addresses: [foreign, ours] }, [removal(ours)]],
  ['a device that never was ours stays as it is', { link, addresses: [foreign] }, []],
  ['so does one without any address', { link, addresses: [] }, []],
]
for (const [title, actual, expected] of removals) t.test(title, async (t) => t.same(planRemoval(actual), expected))

function removal(address: KernelAddress): TunnelStep {
  return { type: 'remove-address', address }
}

/** What the kernel has after the steps. */
function after({ link, addresses }: ActualTunnel, steps: readonly TunnelStep[]): ActualTunnel {
  let [next, rest] = [link, addresses]
  for (const step of steps) {
    if (step.type === 'set-mtu') next = { ...next, mtu: step.mtu }
    if (step.type === 'set-up' || step.type === 'set-down') next = { ...next, up: step.type === 'set-up' }
    if (step.type === 'add-address') rest = [...rest, address(step.address, TUNNEL_LABEL)]
    if (step.type === 'remove-address') rest = rest.filter((one) => one !== step.address)
  }
  return { link: next, addresses: rest }
}

const anyAddress = fc
  .record({ last: fc.integer({ min: 0, max: 5 }), ours: fc.boolean(), length: fc.constantFrom(24, 32) })
  .map(({ last, ours, length }) => address(`10.244.1.${last}`, ours ? TUNNEL_LABEL : 'tunl0', ours ? 32 : length))
const anyDevice: fc.Arbitrary<ActualTunnel> = fc.record({
  link: fc.record({ up: fc.boolean(), mtu: fc.constantFrom(0, 1400, 1480) }).map((change) => ({ ...link, ...change })),
  addresses: fc.uniqueArray(anyAddress, { selector: (one) => `${one.address}/${one.length}` }),
})
const isForeign = ({ label }: KernelAddress): boolean => label !== TUNNEL_LABEL

t.test('whatever is there, one plan makes it as wanted and touches nothing of others', async () => {
  fc.assert(
    fc.property(anyDevice, (actual) => {
      const made = after(actual, planTunnel(wanted, actual, true))
      t.same(planTunnel(wanted, made, true), [])
      t.same(made.addresses.filter(isForeign), actual.addresses.filter(isForeign))
      t.equal(
        made.addresses.filter((one) => !isForeign(one)).every((one) => one.address === wanted.address),
        true,
      )
      const gone = after(actual, planRemoval(actual))
      t.same(gone.addresses, actual.addresses.filter(isForeign))
      t.same(planRemoval(gone), [])
    }),
  )
})
