import fc from 'fast-check'
import t from 'tap'
import { dispatchChainName, endpointChainName, policyChainName, profileChainName, setName } from './names.ts'

const table: [title: string, name: string, expected: string][] = [
  ['the root of the tree to workloads', dispatchChainName('ingress'), 'tort-to-wl'],
  ['the root of the tree from workloads', dispatchChainName('egress'), 'tort-from-wl'],
  ['a branch of the tree', dispatchChainName('egress', 'tort1a'), 'tort-from-wl-tort1a'],
  ['the longest interface name fits whole', endpointChainName('ingress', 'tort0123456789a'), 'tort-tw-tort0123456789a'],
  ['a policy names its kind', policyChainName('egress', 'gnp/web'), 'tort-po-gnp/web'],
  ['28 characters fit whole', policyChainName('ingress', 'np/ns/012345678901234'.slice(0, 20)), 'tort-pi-np/ns/01234567890123'],
  ['29 characters end in a hash', policyChainName('ingress', 'np/ns/012345678901234'.slice(0, 21)), 'tort-pi-_o_u8w3YYh-V7AgOd3W3'],
  ['a profile', profileChainName('ingress', 'kns.shop'), 'tort-pri-kns.shop'],
]
for (const [title, name, expected] of table) t.test(`${title}: ${expected}`, async (t) => t.equal(name, expected))

t.test('equal content is the same set, told apart by family and type', async (t) => {
  t.equal(setName(4, 's', 'x'), setName(4, 's', 'x'))
  t.equal(new Set([setName(4, 's', 'x'), setName(6, 's', 'x'), setName(4, 'n', 'x'), setName(4, 's', 'y')]).size, 4)
})

t.test('every name fits the kernel and begins with our prefix; different policies have different chains', async () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/),
      fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?$/),
      (a, b) => {
        const [one, two] = [policyChainName('ingress', `gnp/${a}`), policyChainName('ingress', `gnp/${b}`)]
        const set = setName(6, 'p', a)
        return one.length <= 28 && one.startsWith('tort-pi-') && (one === two) === (a === b) && set.length <= 31 && set.startsWith('tort6')
      },
    ),
  )
})
