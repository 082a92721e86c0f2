import { expectation } from '../conformance/expectation.ts'
import { documents, keyOf, toYaml } from '../conformance/many-resources.ts'
import type { Scenario, Step } from '../conformance/scenario.ts'
import { familiesOf, readServices, usualServices } from '../conformance/services.ts'
import { groups, world } from '../conformance/world.ts'
import type { End } from './conformance-end.ts'
import type { ConformanceLab } from './conformance-lab.ts'
import { describe, type Probe } from './conformance-prober.ts'

const worldDocuments = new Map(documents(world).map((document) => [keyOf(document), document]))

/**
 * Runs one scenario on a lab that has nothing but the world, and leaves it so.
 * @returns a line for each packet that fared otherwise than expected; [] when all is well
 * @throws when the agent refuses what is posted
 */
export async function runScenario(lab: ConformanceLab, scenario: Scenario): Promise<readonly string[]> {
  const steps: readonly Step[] = [{ apply: scenario.resources, expect: scenario.expect }, ...(scenario.later ?? [])]
  const wrong: string[] = []
  try {
    for (const [index, step] of steps.entries()) {
      if (step.delete !== undefined) await lab.node.delete(step.delete)
      if (step.apply !== undefined && step.apply !== '') await lab.node.apply(step.apply)
      const where = index === 0 ? '' : `later, ${index}: `
      wrong.push(...mismatches(lab, step.expect, scenario.probes).map((line) => where + line))
    }
  } finally {
    await restore(lab, steps)
  }
  return wrong
}

/** All pairs, all services, both families, in one go. */
export function mismatches(lab: ConformanceLab, expect: readonly string[], moreServices?: string): readonly string[] {
  const services = readServices(moreServices === undefined ? usualServices : `${usualServices}, ${moreServices}`)
  const ends = [...lab.ends.values()]
  const probes = ends.flatMap((from) =>
    ends.flatMap((to) =>
      from === to ? [] : services.flatMap((service) => familiesOf(service).map((family): Probe => ({ from, to, family, service }))),
    ),
  )
  const expected = expectation(expect, [...lab.ends.keys()], groups)
  return unmistakable(probes, ends).flatMap((some) => {
    lab.forgetConnections()
    const seen = lab.prober.probe(some)
    return some.flatMap((probe, index) => {
      const wanted = expected({ ...probe, from: probe.from.name, to: probe.to.name })
      return seen[index] === wanted ? [] : [`${describe(probe)} is ${seen[index]}, expected ${wanted}`]
    })
  })
}

/** Protocols without ports are one connection a pair to conntrack, so the way back is probed once the way there is forgotten. */
function unmistakable(probes: readonly Probe[], ends: readonly End[]): readonly (readonly Probe[])[] {
  const isThere = ({ from, to }: Probe) => ends.indexOf(from) < ends.indexOf(to)
  const hasNoPorts = ({ service }: Probe) => service.protocol === 'other'
  const groups = [
    probes.filter((probe) => !hasNoPorts(probe)),
    probes.filter((probe) => hasNoPorts(probe) && isThere(probe)),
    probes.filter((probe) => hasNoPorts(probe) && !isThere(probe)),
  ]
  return groups.filter((group) => group.length > 0)
}

/** Deletes what the steps posted, puts back what they changed or deleted of the world. */
async function restore(lab: ConformanceLab, steps: readonly Step[]): Promise<void> {
  const posted = new Map(steps.flatMap((step) => documents(step.apply ?? '')).map((document) => [keyOf(document), document]))
  const touched = [...posted.keys(), ...steps.flatMap((step) => documents(step.delete ?? '')).map(keyOf)]
  const extra = [...posted].filter(([key]) => !worldDocuments.has(key)).map(([, document]) => document)
  const back = [...new Set(touched)].flatMap((key) => worldDocuments.get(key) ?? [])
  if (extra.length > 0) await lab.node.delete(toYaml(extra))
  if (back.length > 0) await lab.node.apply(toYaml(back))
}
