/** Who the peers of the mesh load are: shared by the load and by the speakers' configurations. */

export function meshAddresses(feeders: number, sinks: number): { readonly feeders: readonly string[]; readonly sinks: readonly string[] } {
  const block = (first: number, count: number) => Array.from({ length: count }, (_, i) => `10.77.${first + (i >> 8)}.${i & 255}`)
  return { feeders: block(1, feeders), sinks: block(20, sinks) }
}

/** The speaker is AS 65000. */
export function meshAs(role: 'feeder' | 'sink', index: number, ibgp: boolean): number {
  if (ibgp) return 65000
  return role === 'feeder' ? 65001 + index : 64000 - index
}
