/** From interface name to the chain of the host endpoint that governs it, in each table and direction. */
import type { Chain, Match, Rule } from '../../felix/kernel.ts'
import type { Family } from '../../src/net/address.ts'
import { anyInterface, type Direction, hostChainName, hostDispatchName, loopback } from '../names.ts'
import { compareText } from '../resource-key.ts'
import { type AppliedHost, type HostPlace, hostPlaces, isPoliced, wildcardStagesOfWorkloads } from './host-places.ts'

/** The places where some host endpoint has something to say. */
export function policedPlaces(hosts: readonly AppliedHost[]): readonly HostPlace[] {
  return hostPlaces.filter((place) => hosts.some((host) => isPoliced(place, host)))
}

/** Empty where no host endpoint is in force. @param workloads patterns of their interfaces ("tort+") */
export function hostDispatchChains(
  hosts: readonly AppliedHost[],
  families: readonly Family[],
  workloads: readonly string[],
): readonly Chain[] {
  return policedPlaces(hosts).flatMap((place) =>
    families.map((family): Chain => {
      const name = hostDispatchName(place.direction, place.stage === 'forward')
      return { family, table: place.table, name, rules: dispatchRules(hosts, place, workloads) }
    }),
  )
}

function dispatchRules(hosts: readonly AppliedHost[], place: HostPlace, workloads: readonly string[]): readonly Rule[] {
  const { stage, direction } = place
  const wildcard = hosts.find((host) => host.interfaceName === anyInterface && isPoliced(place, host))
  const named = hosts
    .filter(({ interfaceName }) => interfaceName !== anyInterface)
    .toSorted((a, b) => compareText(a.interfaceName, b.interfaceName))
  const rules = named.flatMap((host): Rule[] => {
    const match = [through(direction, host.interfaceName)]
    if (isPoliced(place, host))
      return [{ match, action: { type: 'goto', chain: hostChainName(direction, stage === 'forward', host.interfaceName) } }]
    return wildcard === undefined ? [] : [{ match, action: { type: 'return' } }]
  })
  if (wildcard === undefined) return rules
  const exempt = [loopback, ...(wildcardStagesOfWorkloads.includes(stage) ? [] : workloads)]
  const skipped = exempt.map((name): Rule => ({ match: [through(direction, name)], action: { type: 'return' } }))
  return [...rules, ...skipped, { match: [], action: { type: 'goto', chain: hostChainName(direction, stage === 'forward', anyInterface) } }]
}

/** A host's ingress comes in through its interface, a workload's leaves through it. */
function through(direction: Direction, name: string): Match {
  return { type: direction === 'ingress' ? 'in-interface' : 'out-interface', name }
}
