/** What a run measured, by name; the unit is in the name. */
export type Figures = Readonly<Record<string, number>>

/** The median of each figure. @param runs all with the same names */
export function medianOf(runs: readonly Figures[]): Figures {
  const keys = Object.keys(runs[0] ?? {})
  return Object.fromEntries(
    keys.map((key) => [
      key,
      percentile(
        runs.map((run) => run[key] ?? Number.NaN),
        50,
      ),
    ]),
  )
}

/** The smallest value that `percent` of them do not exceed. @param values at least one; percent 0..100 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = Math.ceil((sorted.length * percent) / 100) - 1
  return sorted[Math.max(0, at)] ?? Number.NaN
}
