import { type EndpointSlice, serviceNameLabel } from '../../src/model/endpoint-slice.ts'
import { type Family, familyOf, type IpAddress, parseAddress } from '../../src/net/address.ts'
import { MultiMap } from '../multi-map.ts'
import { kernelProtocol, protocolNumber } from '../protocol.ts'
import type { SetMember } from './set-item.ts'

/** A service as a rule names it: "shop/db". */
export type ServiceName = `${string}/${string}`

/** What one EndpointSlice adds to its service: each of the addresses has all of the ports. @property protocol its number */
export type ServiceSlice = {
  readonly service: ServiceName
  readonly addresses: ReadonlySet<IpAddress>
  readonly ports: readonly { readonly protocol: number; readonly port: number }[]
}

/** undefined: of no service, or of names. Conditions of endpoints do not matter, and a port without a number is none: both as in Calico. */
export function sliceOf({ metadata, addressType, endpoints = [], ports = [] }: EndpointSlice): ServiceSlice | undefined {
  const service = metadata.labels?.[serviceNameLabel] ?? ''
  if (service === '' || addressType === 'FQDN') return undefined
  return {
    service: `${metadata.namespace ?? ''}/${service}`,
    addresses: new Set(endpoints.flatMap(({ addresses }) => addresses.flatMap((address) => parseAddress(address) ?? []))),
    ports: ports.flatMap(({ protocol = 'TCP', port }) => (port === undefined ? [] : [{ protocol: protocolNumber(protocol) ?? 0, port }])),
  }
}

/** Whether the address is of the service, and the port if one is asked for. */
export function serves(slice: ServiceSlice, address: IpAddress, protocol?: number, port?: number): boolean {
  if (!slice.addresses.has(address)) return false
  return protocol === undefined || slice.ports.some((one) => one.protocol === protocol && one.port === port)
}

/** What the slice puts into a set of its service, each once. @param withPorts address and port, as `hash:ip,port` has them */
export function membersOf({ addresses, ports }: ServiceSlice, withPorts: boolean): readonly SetMember[] {
  const suffixes = withPorts ? [...new Set(ports.map(({ protocol, port }) => `,${kernelProtocol(protocol)}:${port}`))] : ['']
  return [...addresses].flatMap((address) => {
    const family: Family = familyOf(address)
    return suffixes.map((suffix) => ({ family, text: address + suffix }))
  })
}

/** The slices that are known, by service. */
export class ServiceSlices {
  readonly #slices = new Map<string, ServiceSlice>()
  readonly #ofService = new MultiMap<ServiceName, string>()

  /** @param slice undefined: there is none of the id any more @returns what there was before */
  put(id: string, slice: ServiceSlice | undefined): ServiceSlice | undefined {
    const old = this.#slices.get(id)
    if (old !== undefined && old.service !== slice?.service) this.#ofService.delete(old.service, id)
    if (slice === undefined) this.#slices.delete(id)
    else {
      this.#slices.set(id, slice)
      this.#ofService.add(slice.service, id)
    }
    return old
  }

  /** Ids with their slices, in no order. */
  *of(service: ServiceName): Generator<readonly [id: string, slice: ServiceSlice], void, undefined> {
    for (const id of this.#ofService.get(service)) {
      const slice = this.#slices.get(id)
      if (slice !== undefined) yield [id, slice]
    }
  }
}
