import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import t from 'tap'
import type { Resource } from '../model/resource.ts'
import type { WatchEvent } from './datastore.ts'
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts'

const tier = (name: string, order = 0): Resource => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'Tier',
  metadata: { name },
  spec: { order },
})
const event = (type: WatchEvent['type'], resource: Resource, revision: number): WatchEvent => ({ type, resource, revision })

function open(directory: string): SqliteFile {
  const opened = openSqliteFile(directory)
  if (opened.type === 'problem') throw new Error(opened.problem)
  return opened.file
}

/** What the file says: its revision, and name, revision and order of each resource. */
function contents(file: SqliteFile): [number, ...[string, number, unknown][]] {
  const rows = [...file.resources()].map(({ resource, revision }): [string, number, unknown] => [
    resource.metadata.name,
    revision,
    resource.spec,
  ])
  return [file.revision, ...rows.toSorted(([a], [b]) => (a < b ? -1 : 1))]
}

t.test('a new file is at revision 0 and holds nothing', async (t) => {
  const file = open(t.testdir())
  t.teardown(() => file.close())
  t.strictSame(contents(file), [0])
})

t.test('events are written as one change set and read back by the next process', async (t) => {
  const directory = t.testdir()
  const first = open(directory)
  first.write([event('ADDED', tier('a'), 1), event('ADDED', tier('b'), 1), event('ADDED', tier('c'), 1)], 1)
  first.write([event('MODIFIED', tier('a', 7), 2), event('DELETED', tier('b'), 2)], 2)
  const written = [2, ['a', 2, { order: 7 }], ['c', 1, { order: 0 }]]
  t.strictSame(contents(first), written)
  first.close()
  first.close() // a second time does nothing
  const second = open(directory)
  t.teardown(() => second.close())
  t.strictSame(contents(second), written)
})

t.test('resources are told apart by group, kind, namespace and name', async (t) => {
  const file = open(t.testdir())
  t.teardown(() => file.close())
  const named = (apiVersion: string, kind: string, namespace?: string): Resource => ({
    apiVersion,
    kind,
    metadata: { name: 'x', ...(namespace && { namespace }) },
    spec: {},
  })
  const all = [
    named('v1', 'Namespace'),
    named('v1', 'ServiceAccount', 'a'),
    named('v1', 'ServiceAccount', 'b'),
    named('projectcalico.org/v3', 'NetworkPolicy', 'a'),
    named('networking.k8s.io/v1', 'NetworkPolicy', 'a'),
  ]
  file.write(
    all.map((resource) => event('ADDED', resource, 1)),
    1,
  )
  t.equal([...file.resources()].length, all.length)
  file.write([event('DELETED', named('networking.k8s.io/v1', 'NetworkPolicy', 'a'), 2)], 2)
  t.strictSame([...file.resources()].map(({ resource }) => resource.apiVersion).toSorted(), ['projectcalico.org/v3', 'v1', 'v1', 'v1'])
})

t.test('any JSON a resource may hold comes back as it was', async (t) => {
  const file = open(t.testdir())
  t.teardown(() => file.close())
  let revision = 0
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.jsonValue(), (name, spec) => {
      revision += 1
      const resource = JSON.parse(JSON.stringify({ ...tier(name), spec })) as Resource
      file.write([event('ADDED', resource, revision)], revision)
      const found = [...file.resources()].find(({ resource: { metadata } }) => metadata.name === name)
      t.strictSame(found, { resource, revision })
      file.write([event('DELETED', resource, revision)], revision)
    }),
    { numRuns: 30 },
  )
})

t.test('a write that fails half-way is not there at all, and the next one works', async (t) => {
  const file = open(t.testdir())
  t.teardown(() => file.close())
  file.write([event('ADDED', tier('a'), 1)], 1)
  const unwritable = { ...tier('c'), spec: { toJSON: () => { throw new Error('half-way') } } } // biome-ignore format: one line
  t.throws(() => file.write([event('ADDED', tier('b'), 2), event('ADDED', unwritable, 2)], 2), new Error('half-way'))
  t.strictSame(contents(file), [1, ['a', 1, { order: 0 }]])
  file.write([event('ADDED', tier('b'), 2)], 2)
  t.strictSame(contents(file), [2, ['a', 1, { order: 0 }], ['b', 2, { order: 0 }]])
})

t.test('a disk that is full refuses the write and loses no earlier one', async (t) => {
  const directory = t.testdir()
  const program = `
    import { openEmbedded } from ${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)}
    const { datastore } = await openEmbedded(process.argv[1])
    const nets = Array.from({ length: 500 }, (_, n) => '10.0.' + n + '.0/24')
    try {
      for (let n = 0; ; n += 1) {
        await datastore.commit([{ type: 'put', resource: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' + n }, spec: { nets } } }])
        console.log('n' + n)
      }
    } catch (error) {
      console.log(error.name, datastore.revision, datastore.all().length)
      await datastore.commit([{ type: 'delete', ref: { group: '', kind: 'Namespace', namespace: '', name: 'none' } }])
    }`
  const shell = 'ulimit -f 400; exec "$0" --input-type=module -e "$1" "$2"' // a file may have 400 blocks
  const child = spawn('sh', ['-c', shell, process.execPath, program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunks, [code]] = await Promise.all([child.stdout.setEncoding('utf8').toArray(), once(child, 'exit')])
  const lines = chunks.join('').trim().split('\n')
  const answered = lines.slice(0, -1)
  t.equal(code, 0)
  t.ok(answered.length > 0)
  t.equal(lines.at(-1), `DatastoreWriteError ${answered.length} ${answered.length}`, 'memory is as the file')
  const file = open(directory)
  t.teardown(() => file.close())
  t.equal(file.revision, answered.length)
  t.strictSame([...file.resources()].map(({ resource }) => resource.metadata.name).toSorted(), answered.toSorted())
})

t.test('a file that others may read is closed to them; a directory that was there keeps its mode', async (t) => {
  const directory = t.testdir({ store: {} })
  const store = join(directory, 'store')
  chmodSync(store, 0o755)
  open(store).close()
  chmodSync(join(store, 'tortie.db'), 0o644)
  const file = open(store)
  file.write([event('ADDED', tier('a'), 1)], 1)
  for (const name of readdirSync(store)) t.equal((statSync(join(store, name)).mode & 0o777).toString(8), '600', name)
  t.equal(statSync(store).mode & 0o777, 0o755)
  file.close()
  t.notOk(existsSync(join(store, 'tortie.db-wal')), 'a clean end leaves no log')
})

t.test('the file says whose it is from the start, also without its log', async (t) => {
  const directory = t.testdir()
  const file = open(directory)
  t.teardown(() => file.close())
  const header = readFileSync(join(directory, 'tortie.db')).subarray(0, 100)
  t.equal(header.subarray(0, 16).toString('latin1'), 'SQLite format 3\0')
  t.equal(header.subarray(68, 72).toString('latin1'), 'TORT')
})

t.test('a row that is no JSON is damage, not a crash', async (t) => {
  const directory = t.testdir()
  const file = open(directory)
  file.write([event('ADDED', tier('a'), 1)], 1)
  file.close()
  const raw = new DatabaseSync(join(directory, 'tortie.db'))
  raw.exec("UPDATE resource SET json = '{'")
  raw.close()
  const { openEmbedded } = await import('./embedded.ts')
  t.match(await openEmbedded(directory), {
    type: 'problem',
    problem: /tortie\.db is damaged \(.*JSON.*\): move it away or restore a copy of it$/,
  })
})
