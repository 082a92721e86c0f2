import type { TableName } from '../kernel.ts'

/** @property leaving the chains that the next write takes away @property has whether a chain of this name is wanted */
export type TableMoves = {
  readonly name: TableName
  readonly leaving: readonly string[]
  readonly has: (chain: string) => boolean
}

/** @property after the tables that have to be written before it */
export type TableTurn = { readonly name: TableName; readonly after: readonly TableName[] }

/**
 * In which order tables are written: each is a transaction of its own, and a chain that moves from one to another (of a policy that becomes
 * `preDNAT`) denies in both for a moment rather than in neither. Where two change places there is no such order: one goes first all the
 * same. Else the order is the one given.
 */
export function tableOrder(tables: readonly TableMoves[]): readonly TableTurn[] {
  const waiting = tables.map(({ name, leaving }) => ({
    name,
    after: tables.filter((other) => other.name !== name && leaving.some(other.has)).map((other) => other.name),
  }))
  const turns: TableTurn[] = []
  while (waiting.length > 0) {
    const isNext = ({ after }: TableTurn) => !waiting.some(({ name }) => after.includes(name))
    const [turn] = waiting.splice(Math.max(0, waiting.findIndex(isNext)), 1)
    if (turn !== undefined) turns.push({ name: turn.name, after: turn.after.filter((name) => turns.some((done) => done.name === name)) })
  }
  return turns
}
