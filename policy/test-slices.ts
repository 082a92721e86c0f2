/** EndpointSlices for the tests of this folder. */
import fc from 'fast-check'
import type { EndpointSlice, EndpointSliceContent } from '../src/model/endpoint-slice.ts'

/** A slice of a service, of IPv4 unless `content` says otherwise. */
export function endpointSlice(name: string, service: string, content: Partial<EndpointSliceContent>, inNamespace = 'shop'): EndpointSlice {
  const labels = { 'kubernetes.io/service-name': service }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: inNamespace, labels },
    spec: undefined,
    addressType: 'IPv4',
    ...content,
  }
}

const slicePort = fc.record(
  { protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'), port: fc.constantFrom(80, 81, 443, 8005, 53), name: fc.constant('a') },
  { requiredKeys: ['name'] },
) as fc.Arbitrary<NonNullable<EndpointSliceContent['ports']>[number]>
const endpointConditions = fc.record({ ready: fc.boolean(), terminating: fc.boolean() }, { requiredKeys: [] })
/** Of services of the small world in test-resources.ts. */
export const slice: fc.Arbitrary<EndpointSlice> = fc
  .tuple(
    fc.constantFrom('IPv4' as const, 'IPv6' as const),
    fc.array(fc.tuple(fc.nat({ max: 6 }), endpointConditions), { maxLength: 5 }),
    fc.array(slicePort, { maxLength: 3 }),
    fc.constantFrom('one', 'one', 'two', 'other'),
    fc.constantFrom('s1', 's2', 's3'),
    fc.constantFrom('shop', 'bank'),
  )
  .map(([addressType, numbers, ports, of, name, at]) => {
    const prefix = addressType === 'IPv4' ? '10.0.0.' : 'fd00::'
    const endpoints = numbers.map(([i, conditions]) => ({ addresses: [`${prefix}${i + 1}`], conditions }))
    return endpointSlice(name, of, { addressType, endpoints, ports } as EndpointSliceContent, at)
  })
