import type { Family } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import type { SelectorTerm } from '../effective-selector.ts'
import type { ServiceName } from './service-slices.ts'

/** What an IP set is made from. Equal keys are one set, shared by all rules that need it. */
export type SetSource =
  | { readonly type: 'selector'; readonly term: SelectorTerm }
  /** Address and port of every endpoint port with one of these names. */
  | { readonly type: 'named-ports'; readonly names: readonly string[] }
  /** The CIDRs of a rule where one match cannot hold them, all of one family. */
  | { readonly type: 'nets'; readonly nets: readonly Cidr[] }
  /** The addresses of a service, each with every port of its slice if `withPorts`. */
  | { readonly type: 'service'; readonly service: ServiceName; readonly withPorts: boolean }

export function setKey(source: SetSource): string {
  switch (source.type) {
    case 'selector':
      return `selector ${source.term.text}`
    case 'named-ports':
      return `named-ports ${source.names.join(' ')}`
    case 'nets':
      return `nets ${source.nets.join(' ')}`
    case 'service':
      return `service ${source.withPorts ? 'ports ' : ''}${source.service}`
  }
}

/** Tells a rule the name of the set it needs. */
export type SetNames = (source: SetSource, family: Family) => string

/** @returns names as they are given by `names`, and the sets that were asked for so far, each once */
export function noting(names: SetNames): { readonly names: SetNames; readonly asked: () => readonly SetSource[] } {
  const sources = new Map<string, SetSource>()
  return {
    names: (source, family) => {
      sources.set(setKey(source), source)
      return names(source, family)
    },
    asked: () => [...sources.values()],
  }
}
