import t from 'tap'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'
import { sharedInterfaces } from './shared-interfaces.ts'

function endpoint(namespace: string, name: string, interfaceName?: string): WorkloadEndpoint {
  const spec = { node: 'n1', ...(interfaceName !== undefined && { interfaceName }) } as WorkloadEndpoint['spec']
  return { apiVersion: 'projectcalico.org/v3', kind: 'WorkloadEndpoint', metadata: { namespace, name }, spec }
}

t.test('endpoints with an interface of their own, and those that have none yet, are no problem', async (t) => {
  t.strictSame(sharedInterfaces([endpoint('a', 'x', 'tort1'), endpoint('a', 'y', 'tort2'), endpoint('a', 'z'), endpoint('b', 'z')]), [])
})

t.test('of several on one interface all but the first by namespace and name are told, in whatever order they come', async (t) => {
  const three = [endpoint('a-b', 'a', 'tort1'), endpoint('a', 'c', 'tort1'), endpoint('a', 'b', 'tort1')]
  const message = 'is not connected: its interface tort1 is that of workloadendpoint/a/b, whose name comes first'
  const told = ['a/c', 'a-b/a'].map((name) => ({ severity: 'error', subject: `workloadendpoint/${name}`, message }))
  t.strictSame(sharedInterfaces(three), told)
  t.strictSame(sharedInterfaces(three.toReversed()), told)
})

t.test('no more than twenty are told', async (t) => {
  const many = Array.from({ length: 30 }, (_, i) => endpoint('a', `e${i}`, 'tort1'))
  t.equal(sharedInterfaces(many).length, 20)
})
