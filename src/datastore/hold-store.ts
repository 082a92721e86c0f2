/** Keeps agents off a store without reading it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isBusy, lockDatabase, STORE_FILE } from './sqlite-file.ts'

export type Hold = { readonly type: 'held'; readonly release: () => void } | { readonly type: 'in use' }

/**
 * Takes the lock that an agent has from its start to its end. A store that is not there, or that no agent could open, needs no lock:
 * nothing is made, and what is damaged stays as it is.
 */
export function holdStore(directory: string): Hold {
  const path = join(directory, STORE_FILE)
  if (!existsSync(path)) return { type: 'held', release: () => {} }
  let database: DatabaseSync | undefined
  const release = () => {
    if (database?.isOpen) database.close()
  }
  try {
    database = new DatabaseSync(path)
    lockDatabase(database)
    return { type: 'held', release }
  } catch (error) {
    release()
    return isBusy(error) ? { type: 'in use' } : { type: 'held', release: () => {} }
  }
}
