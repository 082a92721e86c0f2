import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { openEmbedded } from '../datastore/embedded.ts'
import { startFixture, status } from './api-fixture.ts'
import { startApi } from './server.ts'

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`

/** A second API of the same agent. */
async function start(t: Test, options: Parameters<typeof startApi>[0]) {
  const { store, agent, bugs } = await startFixture(t)
  return await startApi(options, { store, agent, onBug: (error) => bugs.push(error) })
}

t.test('TCP answers as the Unix socket does', async (t) => {
  const started = await start(t, { listen: '127.0.0.1:0' })
  if (started.type === 'problem') throw new Error(started.problem)
  t.teardown(() => started.api.close())
  const [address = ''] = started.api.addresses
  const response = await fetch(`${address}/v1/status`)
  t.strictSame([response.status, await response.json()], [200, status])
  const posted = await fetch(`${address}/v1/apply`, { method: 'POST', body: namespace('a'), headers: { 'content-type': 'text/yaml' } })
  t.match(await posted.json(), { revision: 1, results: [{ kind: 'Namespace', name: 'a', result: 'created' }] })
})

t.test('an address that is taken is a problem value', async (t) => {
  const { socket } = await startFixture(t)
  t.strictSame(await start(t, { socket }), {
    type: 'problem',
    problem: `the API address ${socket} is in use by another process: stop that one, or choose another address`,
  })
})

t.test('close removes the socket file, ends idle connections and does so once', async (t) => {
  const api = await startFixture(t)
  const idle = connect(api.socket)
  await once(idle, 'connect')
  const keepAlive = new Agent({ keepAlive: true })
  const outgoing = request({ socketPath: api.socket, path: '/healthz', agent: keepAlive }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  await response.resume().toArray()
  const ended = once(idle.resume(), 'close')
  await api.close()
  await ended
  keepAlive.destroy()
  t.notOk(existsSync(api.socket))
  await t.rejects(api.get('/healthz'), { code: 'ENOENT' })
})

t.test('a client that leaves ends its wait', async (t) => {
  const aborted = Promise.withResolvers<void>()
  const api = await startFixture(t, {
    waitProgrammed: async (_revision, _timeoutMs, signal) => {
      leave()
      await once(signal, 'abort')
      aborted.resolve()
      return { programmed: false, pending: [], unprogrammed: [] }
    },
  })
  const outgoing = request({ socketPath: api.socket, path: '/v1/status?waitRevision=9&timeout=300', agent: false }).end()
  const leave = () => outgoing.destroy()
  await t.rejects(once(outgoing, 'response'), { code: 'ECONNRESET' })
  await aborted.promise
  t.strictSame(api.bugs, [])
})

t.test('many writers at once: each gets a revision of its own, and all are there', async (t) => {
  const api = await startFixture(t)
  const names = Array.from({ length: 40 }, (_, index) => `n${index}`)
  const replies = await Promise.all(names.map((name) => api.send('POST', '/v1/apply', namespace(name))))
  const revisions = replies.map(({ body }) => (body as { revision: number }).revision)
  t.strictSame(
    revisions.toSorted((a, b) => a - b),
    names.map((_, index) => index + 1),
  )
  t.strictSame(
    api.store.list('', 'Namespace').map(({ resource }) => resource.metadata.name),
    names.toSorted(),
  )
})

t.test('what was answered is there for the next process', async (t) => {
  const api = await startFixture(t)
  const directory = `${api.socket.slice(0, api.socket.lastIndexOf('/'))}/store`
  await api.send('POST', '/v1/apply', namespace('a'))
  await api.close()
  const again = await openEmbedded(directory)
  if (again.type === 'problem') throw new Error(again.problem)
  t.match(again.datastore.all(), [{ revision: 1, resource: { kind: 'Namespace', metadata: { name: 'a' } } }])
  await again.datastore.close()
})

t.test('HEAD is GET without its body', async (t) => {
  const api = await startFixture(t)
  t.match(await api.send('HEAD', '/v1/status', ''), { status: 200, type: 'application/json', body: '' })
  t.match(await api.send('HEAD', '/v1/apply', ''), { status: 405, allow: 'POST' })
})

t.test('a trailing slash, another case and an encoded path are other paths', async (t) => {
  const api = await startFixture(t)
  for (const path of ['/v1/status/', '/V1/status', '//v1/status', '/v1%2Fstatus', '/', '/v1'])
    t.match(await api.get(path), { status: 404 }, path)
})
