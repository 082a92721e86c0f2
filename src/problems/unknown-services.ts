/** Rules that name a service of which nobody has posted an address: they match nothing, and why is not to be seen in them. */
import type { WatchEvent } from '../datastore/datastore.ts'
import type { StatusProblem } from '../http/agent-face.ts'
import { isEndpointSlice, serviceNameLabel } from '../model/endpoint-slice.ts'
import { groupOf, type Resource } from '../model/resource.ts'
import type { PolicyRule } from '../model/rule-shape.ts'

const maxTold = 20

type Ruled = { readonly ingress?: readonly PolicyRule[]; readonly egress?: readonly PolicyRule[] }

/** Kept as the store changes. */
export class UnknownServices {
  /** By "kind/namespace/name" the services that its rules name, as "shop/db". */
  readonly #named = new Map<string, ReadonlySet<string>>()
  /** The service of each slice, by "namespace/name". */
  readonly #slices = new Map<string, string>()
  /** How many slices each service has. */
  readonly #counts = new Map<string, number>()

  put(resource: Resource): void {
    if (isEndpointSlice(resource)) {
      const service = resource.metadata.labels?.[serviceNameLabel]
      const isPart = service !== undefined && resource.addressType !== 'FQDN'
      this.#putSlice(resource, isPart ? `${resource.metadata.namespace}/${service}` : undefined)
    }
    if (groupOf(resource.apiVersion) !== 'projectcalico.org') return
    const named = servicesOf(resource)
    if (named.size > 0) this.#named.set(subjectOf(resource), named)
    else this.#named.delete(subjectOf(resource))
  }

  take(events: readonly WatchEvent[]): void {
    for (const { type, resource } of events) {
      if (type !== 'DELETED') this.put(resource)
      else if (isEndpointSlice(resource)) this.#putSlice(resource, undefined)
      else if (groupOf(resource.apiVersion) === 'projectcalico.org') this.#named.delete(subjectOf(resource))
    }
  }

  /** One a resource. */
  get problems(): readonly StatusProblem[] {
    const found = [...this.#named].flatMap(([subject, services]): readonly StatusProblem[] => {
      const [first, ...more] = [...services].filter((service) => !this.#counts.has(service)).toSorted()
      if (first === undefined) return []
      const names = more.length === 0 ? `service ${first}` : `service ${first} and ${more.length} more`
      return [{ severity: 'warning', subject, message: `names ${names} without any EndpointSlice: such a rule matches nothing` }]
    })
    const told = found.toSorted((a, b) => (a.subject < b.subject ? -1 : 1)).slice(0, maxTold)
    const untold = found.length - told.length
    const message = `${untold} more name services without any EndpointSlice`
    return untold === 0 ? told : [...told, { severity: 'warning', subject: 'resources', message }]
  }

  #putSlice({ metadata: { namespace, name } }: Resource, service: string | undefined): void {
    const id = `${namespace}/${name}`
    const old = this.#slices.get(id)
    if (old === service) return
    if (service === undefined) this.#slices.delete(id)
    else this.#slices.set(id, service)
    if (service !== undefined) this.#count(service, 1)
    if (old !== undefined) this.#count(old, -1)
  }

  #count(service: string, by: 1 | -1): void {
    const count = (this.#counts.get(service) ?? 0) + by
    if (count === 0) this.#counts.delete(service)
    else this.#counts.set(service, count)
  }
}

function servicesOf({ metadata, spec }: Resource): ReadonlySet<string> {
  const { ingress = [], egress = [] } = (spec ?? {}) as Ruled
  if (!Array.isArray(ingress) || !Array.isArray(egress)) return new Set()
  const entities = [...ingress.map(({ source }) => source), ...egress.map(({ destination }) => destination)]
  const services = entities.flatMap((entity) => entity?.services ?? [])
  return new Set(services.map(({ name, namespace = metadata.namespace }) => `${namespace}/${name}`))
}

function subjectOf({ kind, metadata: { namespace, name } }: Resource): string {
  return [kind.toLowerCase(), ...(namespace === undefined ? [] : [namespace]), name].join('/')
}
