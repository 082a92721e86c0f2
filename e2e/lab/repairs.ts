/** What `/v1/status` says of what was put back. @property object as it is named there */
export type Repairs = { readonly total: number; readonly last: readonly { readonly object: string; readonly times: number }[] }

export function timesRepaired({ last }: Repairs, object: string): number {
  return last.find((repair) => repair.object === object)?.times ?? 0
}
