/**
 * The embedded store's file: one SQLite database in WAL mode, held under SQLite's own exclusive lock from opening to closing. The
 * kernel ends that lock with its process, so a dead agent never blocks a new one.
 */
import { chmodSync, closeSync, existsSync, fsyncSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { refOf } from '../model/resource.ts'
import { makeDirectory } from '../os/make-directory.ts'
import type { StoredResource, WatchEvent } from './datastore.ts'
import { jsonOf, parseResource } from './resource-json.ts'

/** "TORT": in the file's header it says whose file this is. */
const applicationId = 0x544f_5254
const schemaVersion = 1

/** In the store's directory. */
export const STORE_FILE = 'tortie.db'

/** A problem is one sentence for the operator; the file is then as it was. */
export type OpenedFile = { readonly type: 'open'; readonly file: SqliteFile } | { readonly type: 'problem'; readonly problem: string }

/** Opens, or makes, `tortie.db` in a directory that is made if it is missing (mode 0700; files 0600). */
export function openSqliteFile(directory: string): OpenedFile {
  const path = join(directory, STORE_FILE)
  let database: DatabaseSync | undefined
  try {
    const problem = prepareFile(directory, path) === 'there' ? inspect(path) : undefined
    if (problem) return { type: 'problem', problem }
    database = new DatabaseSync(path)
    lockDatabase(database)
    if (isEmpty(database)) createSchema(database)
    const mismatch = mismatchOf(database, path)
    if (mismatch === undefined) {
      database.exec('PRAGMA journal_mode = WAL') // after the schema: the file itself then says from the start whose it is
      return { type: 'open', file: new SqliteFile(database, path) }
    }
    database.close()
    return { type: 'problem', problem: mismatch }
  } catch (error) {
    if (database?.isOpen) database.close()
    return { type: 'problem', problem: explain(path, error) }
  }
}

export class SqliteFile {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #setRevision: StatementSync

  constructor(database: DatabaseSync, path: string) {
    this.path = path
    this.#database = database
    this.#put = database.prepare('INSERT OR REPLACE INTO resource VALUES (?, ?, ?, ?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM resource WHERE api_group = ? AND kind = ? AND namespace = ? AND name = ?')
    this.#setRevision = database.prepare('UPDATE store SET revision = ?')
  }

  get revision(): number {
    return Number(this.#database.prepare('SELECT revision FROM store').get()?.revision)
  }

  /** Row by row, so that a large store is never twice in memory. */
  *resources(): Generator<StoredResource> {
    for (const row of this.#database.prepare('SELECT revision, json FROM resource').iterate())
      yield { revision: Number(row.revision), resource: parseResource(String(row.json)) }
  }

  /** All or none; on the disk when it returns. @throws what SQLite says (disk full, I/O error); nothing is written then */
  write(events: readonly WatchEvent[], revision: number): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const event of events) this.#writeOne(event)
      this.#setRevision.run(revision)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #writeOne({ type, resource, revision }: WatchEvent): void {
    const { group, kind, namespace, name } = refOf(resource)
    if (type === 'DELETED') this.#delete.run(group, kind, namespace, name)
    else this.#put.run(group, kind, namespace, name, revision, jsonOf(resource))
  }
}

/**
 * Makes directory and file where they are missing. An existing directory keeps its mode: it may be somebody's home.
 * @returns whether there is something to look at before it is opened for writing
 */
function prepareFile(directory: string, path: string): 'new' | 'there' {
  makeDirectory(directory, 0o700)
  if (existsSync(path)) {
    const { size, mode } = statSync(path)
    if ((mode & 0o077) !== 0) chmodSync(path, 0o600)
    // A journal beside the file: its making was interrupted, and only opening it for writing can undo that.
    return size === 0 || existsSync(`${path}-journal`) ? 'new' : 'there'
  }
  closeSync(openSync(path, 'wx', 0o600)) // SQLite gives its -wal the same mode
  const entry = openSync(directory, 'r')
  fsyncSync(entry)
  closeSync(entry)
  return 'new'
}

/** Looks before anything may be written: a read-only connection leaves a file that is not ours, or is damaged, as it is. */
function inspect(path: string): string | undefined {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const mismatch = isEmpty(database) ? undefined : mismatchOf(database, path)
    if (mismatch) return mismatch
    const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
    return found === 'ok' ? undefined : damaged(path, String(found))
  } finally {
    database.close()
  }
}

function mismatchOf(database: DatabaseSync, path: string): string | undefined {
  if (readPragma(database, 'application_id') !== applicationId) return foreign(path)
  const version = readPragma(database, 'user_version')
  if (version === schemaVersion) return undefined
  return `${path} has format ${version}, this Tortie reads format ${schemaVersion}: run the version that wrote it`
}

/** EXCLUSIVE before the first access: the lock then stays, and no shared-memory file is needed. @throws busy when another process has it */
export function lockDatabase(database: DatabaseSync): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA cache_size = -256')
  database.exec('BEGIN EXCLUSIVE; COMMIT')
}

/** Also a database whose making was interrupted: nothing in it, nobody's mark on it. */
function isEmpty(database: DatabaseSync): boolean {
  return readPragma(database, 'application_id') === 0 && database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

function createSchema(database: DatabaseSync): void {
  database.exec(`BEGIN EXCLUSIVE;
    CREATE TABLE store (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL) STRICT;
    INSERT INTO store VALUES (1, 0);
    CREATE TABLE resource (
      api_group TEXT, kind TEXT, namespace TEXT, name TEXT, revision INTEGER NOT NULL, json TEXT NOT NULL,
      PRIMARY KEY (api_group, kind, namespace, name)
    ) STRICT, WITHOUT ROWID;
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${schemaVersion};
    COMMIT`)
}

function readPragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}

const sqliteBusy = 5
const sqliteCorrupt = 11
const sqliteNotADatabase = 26

/** Whether another process has the lock. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === sqliteBusy
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
}

function explain(path: string, error: unknown): string {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code === sqliteBusy) return `${path} is in use by another agent: stop that one, or name another directory in datastore.path`
  if (code === sqliteNotADatabase) return foreign(path)
  if (code === sqliteCorrupt) return damaged(path, message)
  return `cannot open ${path}: ${message}: name another directory in datastore.path`
}

function foreign(path: string): string {
  return `${path} is not a Tortie datastore: name another directory in datastore.path`
}

export function damaged(path: string, found: string): string {
  return `${path} is damaged (${found.split('\n').join(' ')}): move it away or restore a copy of it`
}
