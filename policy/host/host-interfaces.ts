/** Which HostEndpoint governs which interface of this node (resource reference §6.5); pure. */
import { anyInterface } from '../names.ts'
import { compareText } from '../resource-key.ts'

/** @property interfaceName absent: found by `expectedIPs` */
export type HostCandidate = {
  readonly key: string
  readonly name: string
  readonly interfaceName?: string
  readonly expectedIPs: readonly string[]
}

/** The addresses of this node by interface. */
export type InterfaceAddresses = ReadonlyMap<string, ReadonlySet<string>>

export type HostProblem = { readonly severity: 'warning' | 'error'; readonly subject: string; readonly message: string }

/** @property governs the key of the candidate by interface, `*` for all others */
export type HostAssignment = { readonly governs: ReadonlyMap<string, string>; readonly problems: readonly HostProblem[] }

/**
 * Of several on one interface the first by name has it; one with a name or address of the interface goes before the wildcard.
 * @param isWorkload whether an interface is named as those of workloads are, which no host endpoint governs by itself
 */
export function assignHosts(
  candidates: Iterable<HostCandidate>,
  addresses: InterfaceAddresses,
  isWorkload: (interfaceName: string) => boolean,
): HostAssignment {
  const governs = new Map<string, string>()
  const holders = new Map<string, string>()
  const problems: HostProblem[] = []
  for (const candidate of [...candidates].toSorted((a, b) => compareText(a.name, b.name))) {
    const found = interfacesOf(candidate, addresses)
    const problem = problemOf(candidate, found, isWorkload)
    if (problem !== undefined) problems.push({ ...problem, subject: `hostendpoint/${candidate.name}` })
    for (const name of found) {
      if (isWorkload(name)) continue
      const holder = holders.get(name)
      if (holder === undefined) {
        governs.set(name, candidate.key)
        holders.set(name, candidate.name)
        continue
      }
      const where = name === anyInterface ? 'all other interfaces' : `interface ${name}`
      const message = `does not apply to ${where}: HostEndpoint ${holder} does, whose name comes first`
      problems.push({ severity: 'warning', subject: `hostendpoint/${candidate.name}`, message })
    }
  }
  return { governs, problems }
}

function interfacesOf({ interfaceName, expectedIPs }: HostCandidate, addresses: InterfaceAddresses): readonly string[] {
  if (interfaceName !== undefined) return [interfaceName]
  return [...addresses].filter(([, own]) => expectedIPs.some((address) => own.has(address))).map(([name]) => name)
}

function problemOf(
  { expectedIPs }: HostCandidate,
  found: readonly string[],
  isWorkload: (name: string) => boolean,
): Omit<HostProblem, 'subject'> | undefined {
  const workload = found.find(isWorkload)
  if (workload !== undefined)
    return {
      severity: 'error',
      message: `does not apply to ${workload}: its name is that of a workload's interface, which WorkloadEndpoints govern`,
    }
  if (found.length > 0) return undefined
  return { severity: 'warning', message: `applies to nothing yet: no interface of this node has the address ${expectedIPs.join(' or ')}` }
}
