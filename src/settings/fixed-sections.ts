import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config.ts'

/** The sections of the configuration file with a change that is not taken while running. */
export function fixedSectionsThatDiffer(before: Config, after: Config): readonly string[] {
  const now = new Map(Object.entries(fixed(after)))
  return Object.entries(fixed(before)).flatMap(([name, section]) => (isDeepStrictEqual(section, now.get(name)) ? [] : [name]))
}

/** Without what LiveSettings and the agent take live. */
function fixed({ node, bgp, log: _live, ...sections }: Config): Readonly<Record<string, unknown>> {
  const { podCidrs: _podCidrs, ...fixedNode } = node
  return { ...sections, node: fixedNode, bgp: { enabled: bgp.enabled } }
}
