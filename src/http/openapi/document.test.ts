import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import Value from 'typebox/value'
import { startFixture } from '../api-fixture.ts'
import { answerSchemas } from './answer-schemas.ts'
import type { OpenApi } from './document.ts'

const committed = new URL('../../../docs/openapi.json', import.meta.url)
const regenerate = 'OPENAPI=write tap run src/http/openapi/document.test.ts'

t.test('docs/openapi.json is what /openapi.json says', async (t) => {
  const api = await startFixture(t)
  const served = `${JSON.stringify((await api.get('/openapi.json')).body, null, 2)}\n`
  if (process.env.OPENAPI === 'write') writeFileSync(committed, served)
  t.ok(readFileSync(committed, 'utf8') === served, `it is, or is made so by: ${regenerate}`)
})

t.test('the document holds together', async (t) => {
  const api = await startFixture(t)
  const document = (await api.get('/openapi.json')).body as OpenApi
  const operations = Object.entries(document.paths).flatMap(([url, methods]) =>
    Object.values(methods).map((operation) => ({ url, operation })),
  )
  const ids = operations.map(({ operation }) => operation.operationId)
  t.strictSame(ids.toSorted(), [...new Set(ids)].toSorted(), 'operations have ids of their own')
  for (const { url, operation } of operations) {
    const named = (operation.parameters ?? []).flatMap((each) => ('in' in each && each.in === 'path' ? `{${each.name}}` : []))
    t.strictSame(named, url.match(/\{\w+\}/g) ?? [], `${operation.operationId}: the parameters of its path`)
  }
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)]
  const known = new Map<string, object>(Object.entries(document.components))
  for (const [, room = '', name = ''] of refs) if (!Object.hasOwn(known.get(room) ?? {}, name)) t.fail(`nothing is called ${room}/${name}`)
  t.ok(refs.length > 100)
})

t.test('every operation of the document is there: none is 404 for its URL or 405', async (t) => {
  const api = await startFixture(t)
  const document = (await api.get('/openapi.json')).body as OpenApi
  for (const [url, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods)) {
      const path = url.replaceAll(/\{\w+\}/g, 'tor1')
      const { status, body } = await api.send(method.toUpperCase(), path, '', '')
      const { detail = '' } = body as { detail?: string }
      t.notOk(
        status === 405 || status >= 500 || /^there is nothing|^there is no kind/.test(detail),
        `${method} ${path}: ${status} ${detail}`,
      )
    }
})

const wep = `apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: a, namespace: shop}
spec: {node: node-b, ipNetworks: [10.0.0.1/32]}
`
const answers: [schema: keyof typeof answerSchemas, path: string][] = [
  ['status', '/v1/status'],
  ['peers', '/v1/bgp/peers'],
  ['peer', '/v1/bgp/peers/tor1'],
  ['bgp-routes', '/v1/bgp/routes'],
  ['felix-page', '/v1/felix/routes'],
  ['explanation', '/v1/explain?from=shop/a&to=192.0.2.1&protocol=icmp'],
  ['events', '/v1/events'],
  ['state', '/healthz'],
  ['problem', '/v1/bgp/peers/nobody'],
  ['problem', '/v1/felix/routes?limit=0'],
]
t.test('what is answered is what the document says', async (t) => {
  const api = await startFixture(t)
  const applied = await api.send('POST', '/v1/apply', wep)
  t.ok(Value.Check(answerSchemas.changed, applied.body))
  for (const [schema, path] of answers) {
    const { body } = await api.get(path)
    t.strictSame([...Value.Errors(answerSchemas[schema], body)], [], path)
  }
})

t.test('/docs is a page made of files of this machine', async (t) => {
  const api = await startFixture(t)
  const page = await api.get('/docs')
  t.match(page, { status: 200, type: 'text/html; charset=utf-8' })
  const parts = [...String(page.body).matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path)
  t.strictSame(parts, ['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/start.js'])
  for (const path of parts) {
    const { status, type, body } = await api.get(path)
    t.match({ status, type }, { status: 200, type: /^text\/(css|javascript)/ }, path)
    t.ok(String(body).length > 50)
  }
  for (const path of ['/docs/index.html', '/docs/..%2Fpackage.json', '/docs/constructor'])
    t.match(await api.get(path), { status: 404 }, path)
})
