import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { startFixture } from './api-fixture.ts'

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`

t.test('a body of exactly the limit is read, one octet more is not; the limits differ by format', async (t) => {
  const api = await startFixture(t)
  const table: [type: string, limit: number, text: string][] = [
    ['application/yaml', 2 * 1024 * 1024, `${namespace('a')}#`],
    ['application/json', 8 * 1024 * 1024, '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"b"}}'],
  ]
  for (const [type, limit, text] of table) {
    t.match(
      await api.send('POST', '/v1/apply', text.padEnd(limit), type),
      { status: 200, body: { results: [{ result: 'created' }] } },
      type,
    )
    t.match(await api.send('POST', '/v1/apply', text.padEnd(limit + 1), type), { status: 413, body: { title: 'Too large' } }, type)
  }
})

t.test('a byte order mark and Windows line ends are no mistakes', async (t) => {
  const api = await startFixture(t)
  t.match(await api.send('POST', '/v1/apply', `\ufeff${namespace('a').replaceAll('\n', '\r\n')}`), { status: 200 })
})

t.test('the media type is told by its name, whatever its case and parameters', async (t) => {
  const api = await startFixture(t)
  const table: [type: string, status: number][] = [
    ['Application/YAML', 200],
    ['text/yaml;charset=UTF-8', 200],
    ['application/yaml-patch', 415],
    ['text/x-yaml', 415],
    ['multipart/form-data; boundary=x', 415],
    ['nonsense', 415],
  ]
  for (const [type, status] of table) t.equal((await api.send('POST', '/v1/apply', namespace('a'), type)).status, status, type)
})

t.test('a delete names resources by kind and name; the rest of each document is not looked at', async (t) => {
  const api = await startFixture(t)
  await api.send('POST', '/v1/apply', namespace('a'))
  const table: [title: string, body: string, status: number, expected: object][] = [
    [
      'an invalid spec',
      `${namespace('a')}spec: {no: such}\n`,
      200,
      { results: [{ apiVersion: 'v1', kind: 'Namespace', name: 'a', result: 'deleted' }] },
    ],
    ['no name', 'apiVersion: v1\nkind: Namespace\n', 422, { errors: [{ path: 'metadata.name', document: 0 }] }],
    [
      'an unknown kind',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n',
      422,
      { errors: [{ path: 'kind', value: 'Pod', document: 0, line: 2 }] },
    ],
    ['a scalar', 'hello', 422, { errors: [{ path: '', document: 0 }] }],
    ['one name twice', `${namespace('b')}---\n${namespace('b')}`, 422, { errors: [{ path: 'metadata.name', document: 1, line: 7 }] }],
  ]
  for (const [title, body, status, expected] of table)
    t.match(await api.send('POST', '/v1/delete', body), { status, body: expected }, title)
  t.equal(api.store.revision, 2)
})

t.test('what cross-checks know of the node reaches them: the interface prefix', async (t) => {
  const api = await startFixture(t)
  const endpoint = (node: string, name: string) =>
    `apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: {name: ${name}}\nspec: {node: ${node}, interfaceName: eth0, ipNetworks: [10.0.0.1/32]}\n`
  t.match(await api.send('POST', '/v1/apply', endpoint('node-a', 'mine')), {
    status: 422,
    body: { errors: [{ path: 'spec.interfaceName' }] },
  })
  t.match(await api.send('POST', '/v1/apply', endpoint('node-b', 'theirs')), { status: 200 })
})

t.test('a Content-Encoding is refused, whatever the octets are', async (t) => {
  const { socket } = await startFixture(t)
  const headers = { 'content-type': 'application/yaml', 'content-encoding': 'gzip' }
  const outgoing = request({ socketPath: socket, method: 'POST', path: '/v1/apply', headers, agent: false }).end(namespace('a'))
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  t.equal(response.statusCode, 415)
  t.match((await response.setEncoding('utf8').toArray()).join(''), 'Content-Encoding gzip is not read here: send it plain')
})
