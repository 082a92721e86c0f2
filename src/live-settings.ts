/** The settings of the running node: recomputed whenever the configuration file is read again or a resource that concerns them changes. */
import { isDeepStrictEqual } from 'node:util'
import type { Datastore } from './datastore/datastore.ts'
import type { StatusProblem } from './http/agent-face.ts'
import { EqualPriorities } from './problems/equal-priorities.ts'
import { UnknownServices } from './problems/unknown-services.ts'
import { UnusedResources } from './problems/unused-resources.ts'
import { type EffectiveSettings, effectiveSettings, type Settings } from './settings/effective-settings.ts'
import { needRestart } from './settings/need-restart.ts'
import type { NodeAddresses } from './settings/node-addresses.ts'
import { ownNode, statedAddresses } from './settings/own-node.ts'
import { concernsSettings, settingsResources } from './settings/resources.ts'

export type LiveSettingsOptions = { readonly name: string; readonly addresses: NodeAddresses }

export type LiveSettingsDependencies = {
  readonly store: Pick<Datastore, 'all' | 'list' | 'subscribe'>
  /** The settings are others now. */
  readonly onChange: (settings: EffectiveSettings) => void
}

export class LiveSettings {
  readonly #options: LiveSettingsOptions
  readonly #dependencies: LiveSettingsDependencies
  #settings: Settings
  #current: EffectiveSettings
  /** What the parts that cannot change were made of. */
  readonly atStart: EffectiveSettings
  /** What is told of the resources, as they change. */
  readonly #followers = [new UnusedResources(), new EqualPriorities(), new UnknownServices()]
  #unsubscribe: (() => void) | undefined

  constructor(settings: Settings, options: LiveSettingsOptions, dependencies: LiveSettingsDependencies) {
    this.#settings = settings
    this.#options = options
    this.#dependencies = dependencies
    this.#current = this.#effective()
    this.atStart = this.#current
  }

  get current(): EffectiveSettings {
    return this.#current
  }

  get problems(): readonly StatusProblem[] {
    const { name, addresses } = this.#options
    const { nodes } = settingsResources(this.#dependencies.store)
    const stated = statedAddresses(this.#settings.config.node, ownNode(nodes, name))
    return [
      ...needRestart(this.atStart, this.#current, addresses, stated),
      ...this.#current.problems,
      ...this.#followers.flatMap(({ problems }) => problems),
    ]
  }

  /** Follows the store from now on: `current` is what is stored now, without a call of `onChange`. */
  start(): void {
    const { store } = this.#dependencies
    this.#current = this.#effective()
    for (const { resource } of store.all()) for (const follower of this.#followers) follower.put(resource)
    this.#unsubscribe = store.subscribe((events) => {
      for (const follower of this.#followers) follower.take(events)
      if (events.some(({ resource }) => concernsSettings(resource))) this.#refresh()
    })
  }

  stop(): void {
    this.#unsubscribe?.()
  }

  /** The configuration file was read again. */
  change(settings: Settings): void {
    this.#settings = settings
    this.#refresh()
  }

  #refresh(): void {
    const now = this.#effective()
    const same = isDeepStrictEqual(now, this.#current)
    this.#current = now
    if (!same) this.#dependencies.onChange(now)
  }

  #effective(): EffectiveSettings {
    return effectiveSettings(this.#settings, this.#options, settingsResources(this.#dependencies.store))
  }
}
