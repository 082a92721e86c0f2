/** The place where a store keeps its state refused a change set (disk full, I/O error): nothing of it was written, and it may be tried again. */
export class DatastoreWriteError extends Error {
  override readonly name = 'DatastoreWriteError'
}
