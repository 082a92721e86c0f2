import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import type { Resource, ResourceRef } from '../model/resource.ts'
import type { Datastore, WatchEvent } from './datastore.ts'
import { openEmbedded } from './embedded.ts'
import { DatastoreWriteError } from './write-error.ts'

const noon = Date.parse('2026-01-02T12:00:00.789Z')

async function open(t: Test, directory: string): Promise<Datastore> {
  const opened = await openEmbedded(directory, () => noon)
  if (opened.type === 'problem') throw new Error(opened.problem)
  t.teardown(() => opened.datastore.close())
  return opened.datastore
}

async function problemOf(directory: string): Promise<string> {
  const opened = await openEmbedded(directory)
  if (opened.type === 'problem') return opened.problem
  await opened.datastore.close()
  return ''
}

const networkSet = (name: string, nets: readonly string[] = []): Resource => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkSet',
  metadata: { namespace: 'default', name },
  spec: { nets },
})
const ref = (name: string): ResourceRef => ({ group: 'projectcalico.org', kind: 'NetworkSet', namespace: 'default', name })
const put = (resource: Resource) => ({ type: 'put', resource }) as const

t.test('a store made new: revision 0, directory 0700, files 0600', async (t) => {
  const directory = join(t.testdir(), 'a', 'b')
  const datastore = await open(t, directory)
  t.equal(datastore.revision, 0)
  await datastore.commit([put(networkSet('a'))])
  t.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of readdirSync(directory)) t.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
})

t.test('a written resource carries server-set metadata and is there after reopening', async (t) => {
  const directory = t.testdir()
  const first = await open(t, directory)
  await first.commit([put(networkSet('a', ['10.0.0.0/8']))])
  const before = first.get(ref('a'))
  t.match(before, {
    revision: 1,
    resource: {
      metadata: { resourceVersion: '1', uid: /^[0-9a-f-]{36}$/, creationTimestamp: '2026-01-02T12:00:00Z', generation: 1 },
      spec: { nets: ['10.0.0.0/8'] },
    },
  })
  await first.close()
  const second = await open(t, directory)
  t.equal(second.revision, 1)
  t.strictSame(second.get(ref('a')), before)
  t.strictSame(second.all(), [before])
})

t.test('a change set that changes nothing costs no revision and calls nobody', async (t) => {
  const datastore = await open(t, t.testdir())
  await datastore.commit([put(networkSet('a'))])
  datastore.subscribe(() => t.fail('nothing changed'))
  const again = await datastore.commit([put(networkSet('a')), { type: 'delete', ref: ref('absent') }])
  t.strictSame(again, { type: 'committed', revision: 1, stored: [datastore.get(ref('a'))] })
})

t.test('a conflict leaves everything as it was', async (t) => {
  const datastore = await open(t, t.testdir())
  await datastore.commit([put(networkSet('a'))])
  const result = await datastore.commit([put(networkSet('b')), { ...put(networkSet('a', ['10.0.0.0/8'])), expectedRevision: 7 }])
  t.strictSame(result, { type: 'conflict', ref: ref('a'), actualRevision: 1 })
  t.equal(datastore.get(ref('b')), undefined)
  t.equal(datastore.revision, 1)
})

t.test('subscribers get each change set once, in order, also those a subscriber makes, before the writer goes on', async (t) => {
  const datastore = await open(t, t.testdir())
  const seen: string[] = []
  const note = (who: string) => (events: readonly WatchEvent[], revision: number) =>
    void seen.push(`${who} ${revision} ${events.map(({ type, resource }) => `${type} ${resource.metadata.name}`).join()}`)
  let nested: Promise<unknown> = Promise.resolve()
  const end = datastore.subscribe((events, revision) => {
    note('first')(events, revision)
    if (revision === 1) nested = datastore.commit([put(networkSet('c'))])
  })
  datastore.subscribe(note('second'))
  await datastore.commit([put(networkSet('a')), put(networkSet('b'))])
  await nested
  await datastore.commit([
    { type: 'delete', ref: ref('a') },
    { ...put(networkSet('b', ['10.0.0.0/8'])), expectedRevision: 1 },
  ])
  end()
  await datastore.commit([{ type: 'delete', ref: ref('c') }])
  t.strictSame(seen, [
    'first 1 ADDED a,ADDED b',
    'second 1 ADDED a,ADDED b',
    'first 2 ADDED c',
    'second 2 ADDED c',
    'first 3 DELETED a,MODIFIED b',
    'second 3 DELETED a,MODIFIED b',
    'second 4 DELETED c',
  ])
})

t.test('a second agent on the directory gets one sentence; a dead one does not block', async (t) => {
  const directory = t.testdir()
  const writer = startWriter(directory)
  await once(writer.lines, 'line')
  t.equal(
    await problemOf(directory),
    `${directory}/tortie.db is in use by another agent: stop that one, or name another directory in datastore.path`,
  )
  await kill(writer)
  const again = startWriter(directory)
  await once(again.lines, 'line')
  t.match(await problemOf(directory), /is in use by another agent/, 'one that found the store there holds it as well')
  await kill(again)
  t.equal(await problemOf(directory), '')
})

t.test('no answered write is lost by kill -9 at any moment', async (t) => {
  const directory = t.testdir()
  const answered = new Map<string, string>()
  let torn = 0
  for (let round = 0; round < 8; round += 1) {
    const writer = startWriter(directory)
    writer.lines.on('line', (line) => answered.set(...(line.split(' ') as [string, string])))
    const stopAt = answered.size + 1 + Math.floor(Math.random() * 150)
    while (answered.size < stopAt) await once(writer.lines, 'line')
    await kill(writer)
    const datastore = await open(t, directory)
    const expected = [...answered.keys()].flatMap((name) => [name, `${name}-twin`]).sort()
    const found = new Map(datastore.all().map(({ resource, revision }) => [resource.metadata.name, String(revision)]))
    t.strictSame(
      expected.filter((name) => found.get(name) !== answered.get(name.replace('-twin', ''))),
      [],
      `round ${round}: ${answered.size} answered, at the revision that was answered`,
    )
    const halves = [...found.keys()].filter((name) => !found.has(name.endsWith('-twin') ? name.replace('-twin', '') : `${name}-twin`))
    t.strictSame(halves, [], 'change sets are whole')
    if (found.size > expected.length) torn += 1
    for (const [name, revision] of found) if (!name.endsWith('-twin')) answered.set(name, revision)
    await datastore.close()
  }
  t.comment(`${answered.size} change sets, ${torn} kills between write and answer`)
})

t.test('making the store can be interrupted at any moment too', async (t) => {
  const directory = t.testdir({ empty: { 'tortie.db': '' }, journal: {}, early: {} })
  const early = new DatabaseSync(join(directory, 'early', 'tortie.db'))
  early.exec('PRAGMA journal_mode = WAL')
  early.close()
  const dying = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1])
    database.exec('BEGIN EXCLUSIVE; CREATE TABLE store (id INTEGER)')
    process.kill(process.pid, 'SIGKILL')`
  const file = join(directory, 'journal', 'tortie.db')
  await once(spawn(process.execPath, ['-e', dying, file], { stdio: 'ignore' }), 'exit')
  t.ok(existsSync(`${file}-journal`), 'an interrupted transaction is there')
  for (const name of ['empty', 'early', 'journal']) {
    const datastore = await open(t, join(directory, name))
    t.match(await datastore.commit([put(networkSet('a'))]), { type: 'committed', revision: 1 }, name)
  }
  for (let round = 0; round < 8; round += 1) {
    const place = join(directory, `round-${round}`)
    const writer = startWriter(place)
    while (!existsSync(place)) await new Promise(setImmediate)
    for (let turn = Math.random() * 200; turn > 0; turn -= 1) await new Promise(setImmediate)
    await kill(writer)
    t.equal(await problemOf(place), '')
  }
})

t.test('a file that is not ours is refused in one sentence and stays as it is', async (t) => {
  const directory = t.testdir({ text: { 'tortie.db': 'a shopping list\n'.repeat(400) }, sqlite: {}, newer: {} })
  const path = (name: string) => join(directory, name, 'tortie.db')
  const other = new DatabaseSync(path('sqlite'))
  other.exec('PRAGMA journal_mode = WAL; CREATE TABLE bookmarks (url TEXT)')
  other.close()
  await (await open(t, join(directory, 'newer'))).close()
  const newer = new DatabaseSync(path('newer'))
  newer.exec('PRAGMA user_version = 2')
  newer.close()
  const table: [name: string, problem: string][] = [
    ['text', `${path('text')} is not a Tortie datastore: name another directory in datastore.path`],
    ['sqlite', `${path('sqlite')} is not a Tortie datastore: name another directory in datastore.path`],
    ['newer', `${path('newer')} has format 2, this Tortie reads format 1: run the version that wrote it`],
  ]
  for (const [name, problem] of table) {
    const before = readFileSync(path(name))
    t.equal(await problemOf(join(directory, name)), problem)
    t.ok(before.equals(readFileSync(path(name))), `${name} is untouched`)
  }
})

t.test('a truncated or overwritten file is refused as damaged and stays as it is', async (t) => {
  const directory = t.testdir()
  const datastore = await open(t, directory)
  const many = Array.from({ length: 200 }, (_, index) => put(networkSet(`set-${index}`, [`10.0.${index}.0/24`])))
  await datastore.commit(many)
  await datastore.close()
  const whole = join(directory, 'tortie.db')
  const damage: [title: string, make: (path: string) => void][] = [
    ['truncated', (path) => truncateSync(path, statSync(path).size - 4096)],
    ['cut in a page', (path) => truncateSync(path, statSync(path).size - 1000)],
    ['overwritten', (path) => writeFileSync(path, Buffer.alloc(6000, 0x5a), { flag: 'r+' })],
    ['its tail overwritten', (path) => writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 8192), Buffer.alloc(20_000, 9)]))],
  ]
  for (const [title, make] of damage) {
    const copy = join(directory, title)
    mkdirSync(copy)
    const path = join(copy, 'tortie.db')
    copyFileSync(whole, path)
    make(path)
    const before = readFileSync(path)
    const problem = await problemOf(copy)
    t.match(problem, /is damaged \(.+\): move it away or restore a copy of it$|is not a Tortie datastore/, `${title}: ${problem}`)
    t.notMatch(problem, /\n/)
    t.ok(before.equals(readFileSync(path)), `${title}: untouched`)
  }
})

t.test('a log torn in its last, unanswered write loses that write only', async (t) => {
  const directory = t.testdir()
  const writer = startWriter(directory)
  for (let line = 0; line < 5; line += 1) await once(writer.lines, 'line')
  await kill(writer)
  writeFileSync(join(directory, 'tortie.db-wal'), Buffer.alloc(3000, 0xff), { flag: 'a' })
  const datastore = await open(t, directory)
  t.ok(datastore.revision >= 5)
  t.equal(datastore.all().length, 2 * datastore.revision)
})

t.test('a directory that cannot be made is one sentence', async (t) => {
  const directory = t.testdir({ file: '' })
  t.match(await problemOf(join(directory, 'file', 'x')), /^cannot open .+\/file\/x\/tortie.db: .*(ENOTDIR|EEXIST|not a directory)/)
})

t.test('a write the file system refuses throws, and leaves memory and file as they were', async (t) => {
  const directory = t.testdir()
  const datastore = await open(t, directory)
  await datastore.commit([put(networkSet('a'))])
  await datastore.close()
  datastore.subscribe(() => t.fail('nothing was written'))
  await t.rejects(datastore.commit([put(networkSet('b'))]), DatastoreWriteError)
  t.equal(datastore.revision, 1)
  t.equal(datastore.get(ref('b')), undefined)
})

/** A process that commits pairs as fast as it can and says "name revision" after each answer. */
const writerProgram = `
import { writeSync } from 'node:fs'
import { openEmbedded } from ${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)}
const { datastore } = await openEmbedded(process.argv[1])
const set = (name) => ({ apiVersion: 'projectcalico.org/v3', kind: 'NetworkSet', metadata: { namespace: 'default', name }, spec: { nets: [] } })
for (let n = datastore.revision; ; n += 1) {
  const result = await datastore.commit([{ type: 'put', resource: set('n' + n) }, { type: 'put', resource: set('n' + n + '-twin') }])
  writeSync(1, 'n' + n + ' ' + result.revision + '\\n')
}`

function startWriter(directory: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writerProgram, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  return { child, lines: createInterface({ input: child.stdout }) }
}

async function kill({ child, lines }: ReturnType<typeof startWriter>): Promise<void> {
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')])
  child.kill('SIGKILL')
  await ended
}
