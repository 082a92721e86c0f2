import t from 'tap'
import type { Resource } from '../model/resource.ts'
import { jsonOf, keptCharacters } from './resource-json.ts'

/** Counts how often it was written. */
function counted(size: number) {
  const written = { times: 0 }
  const spec = { text: 'a'.repeat(size), toJSON: () => ({ n: ++written.times }) }
  return { written, resource: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a'.repeat(size) }, spec } satisfies Resource }
}

t.test('the text is that of JSON.stringify', async (t) => {
  const resource: Resource = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { a: 'ä' } }, spec: {} }
  t.equal(jsonOf(resource), JSON.stringify(resource))
  t.equal(jsonOf(resource), JSON.stringify(resource))
})

t.test('what is new is written once, what is old may be written again: the texts kept are bounded', async (t) => {
  const first = counted(1_000)
  jsonOf(first.resource)
  jsonOf(first.resource)
  t.equal(first.written.times, 1)
  for (let n = 0; n < 5; n++) jsonOf(counted(keptCharacters / 4).resource)
  jsonOf(first.resource)
  t.equal(first.written.times, 2)
})

t.test('one that is most of the bound by itself does not push the others out', async (t) => {
  const [small, large] = [counted(1_000), counted(keptCharacters)]
  jsonOf(small.resource)
  jsonOf(large.resource)
  jsonOf(large.resource)
  jsonOf(small.resource)
  t.strictSame([small.written.times, large.written.times], [1, 2])
})
