import t from 'tap'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'
import { isIpv6, leftOutIpv6 } from './no-ipv6.ts'

const endpoint = (name: string, ipNetworks: string[]): WorkloadEndpoint => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'WorkloadEndpoint',
  metadata: { name, namespace: 'default' },
  spec: { node: 'node-a', orchestrator: 'k8s', pod: name, endpoint: 'eth0', interfaceName: 'tort1', ipNetworks },
})
const only4 = endpoint('a', ['10.244.1.1/32'])
const dual = endpoint('b', ['10.244.1.2/32', 'fd00::2/128'])
const only6 = endpoint('c', ['fd00::3/128'])

const table: [title: string, args: Parameters<typeof leftOutIpv6>, message: string | undefined][] = [
  ['nobody asked for IPv6: nothing to say', [['10.244.1.0/24'], [only4]], undefined],
  ['a workload with an address of it', [[], [only4, dual]], 'workload default/b'],
  ['a pod CIDR', [['10.244.1.0/24', 'fd00::/64'], []], 'pod CIDR fd00::/64'],
  ['many are one problem, whatever their order', [['fd00::/64'], [only6, dual]], 'pod CIDR fd00::/64 and 2 more'],
]
for (const [title, args, what] of table)
  t.test(title, async (t) => {
    const message = `the kernel has no IPv6 (ipv6.disable=1?): it is left out of ${what}`
    t.strictSame(leftOutIpv6(...args), what === undefined ? [] : [{ severity: 'warning', subject: 'node/ipv6', message }])
  })

t.test('addresses and prefixes of both families are told apart', async (t) => {
  t.strictSame(['10.0.0.0/8', '::/0', 'fd00::1'].map(isIpv6), [false, true, true])
})
