/** What is stored and asks for something that this version does not do, kept as the store changes. */
import type { WatchEvent } from '../datastore/datastore.ts'
import type { StatusProblem } from '../http/agent-face.ts'
import { withoutEffect } from '../model/effects.ts'
import type { Resource } from '../model/resource.ts'

/** Ten thousand policies that are only staged are no reason for a status of a megabyte. */
const maxTold = 100

export class UnusedResources {
  /** By "kind/name" or "kind/namespace/name". */
  readonly #messages = new Map<string, string>()

  put(resource: Resource): void {
    const message = withoutEffect(resource)
    if (message === undefined) this.#messages.delete(subjectOf(resource))
    else this.#messages.set(subjectOf(resource), message)
  }

  take(events: readonly WatchEvent[]): void {
    for (const { type, resource } of events) {
      if (type === 'DELETED') this.#messages.delete(subjectOf(resource))
      else this.put(resource)
    }
  }

  get problems(): readonly StatusProblem[] {
    const told = [...this.#messages].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, maxTold)
    const untold = this.#messages.size - told.length
    return [
      ...told.map(([subject, message]) => ({ severity: 'warning' as const, subject, message })),
      ...(untold > 0
        ? [{ severity: 'warning' as const, subject: 'resources', message: `${untold} more have no effect, or not all of it` }]
        : []),
    ]
  }
}

/** A NetworkPolicy of either group has the same subject: those of Kubernetes have all of their effect and are never in here. */
function subjectOf({ kind, metadata: { namespace, name } }: Resource): string {
  return [kind.toLowerCase(), ...(namespace === undefined ? [] : [namespace]), name].join('/')
}
