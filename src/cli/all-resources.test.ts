import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { asWritten, readAllResources } from './all-resources.ts'
import { connectionTo } from './client.ts'
import { kindNames } from './kind-names.ts'

/** An agent of which each list has the next revision. */
async function agent(t: Test, revisionOf: (request: number) => number) {
  let requests = 0
  const server = createServer((_request, response) => {
    const resourceVersion = String(revisionOf(requests++))
    response.end(JSON.stringify({ metadata: { resourceVersion }, items: [{ kind: 'X', metadata: { name: resourceVersion } }] }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return connectionTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

t.test('a store that changes between two lists is read again: what is told was there together', async (t) => {
  const { revision, resources } = await readAllResources(await agent(t, (request) => Math.min(request, 3)))
  t.equal(revision, '3')
  t.strictSame(
    resources.map(({ metadata }) => metadata.name),
    kindNames.map(() => '3'),
  )
})

t.test('a store that is never still is a failure with a hint', async (t) => {
  await t.rejects(readAllResources(await agent(t, (request) => request)), {
    exitCode: 1,
    message: 'the store changed during each of 10 attempts to read it whole: try again when less is written',
  })
})

t.test('what a store adds is left out', async (t) => {
  const metadata = {
    name: 'a',
    namespace: 'b',
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: 'now',
    generation: 2,
    labels: { x: 'y' },
  }
  const written = asWritten({ metadata, apiVersion: 'v1', kind: 'X', spec: { z: 1 } })
  t.equal(
    JSON.stringify(written),
    '{"apiVersion":"v1","kind":"X","metadata":{"name":"a","namespace":"b","labels":{"x":"y"}},"spec":{"z":1}}',
  )
})
