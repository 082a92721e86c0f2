import { text } from './schema-check.ts'

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** A Go duration as resources write it, "90s", "1m30s", "1.5h", in milliseconds; undefined if it is none. No sign, no unit below ms. */
export function durationMs(value: string): number | undefined {
  if (!/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h))+$/.test(value)) return undefined
  const parts = [...value.matchAll(/([\d.]+)(ms|s|m|h)/g)]
  return Math.round(parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (unitsMs[unit] ?? 0), 0))
}

/** Kept as it was written. */
export const duration = text(
  (value) => (durationMs(value) === undefined ? undefined : value),
  'a duration: numbers with ms, s, m or h, as in 90s or 1m30s',
)
