/** A scripted agent: streams that end, that are refused, that are away. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { runTortie } from './cli-fixture.ts'

async function agent(t: Test, ...steps: readonly ((response: ServerResponse) => void)[]) {
  let asked = 0
  const server = createServer((_, response) => steps[Math.min(asked++, steps.length - 1)]?.(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { TORTIE_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const line = (type: string) => `${JSON.stringify({ type })}\n`

t.test('whatever ends the stream, it is asked for again and begins anew', async (t) => {
  const env = await agent(
    t,
    (response) => response.end(`${line('SYNCED')}{"type":"CLOSED","reason":"x"}\n`),
    (response) => response.writeHead(503).end('{"title":"Not ready","detail":"soon"}'),
    (response) => void response.write(line('AGAIN')),
  )
  const { code, out, err } = await runTortie(['bgp', 'peers', '--watch', '-o', 'json'], { env, interruptAfter: 'AGAIN' })
  t.equal(code, 130)
  t.equal(out, '{"type":"SYNCED"}\n{"type":"CLOSED","reason":"x"}\n{"type":"AGAIN"}\n')
  t.equal(err, 'tortie: the stream ended (trying again)\ntortie: not ready: soon (trying again)\n')
})

t.test('what is refused at first is refused', async (t) => {
  const env = await agent(t, (response) => response.writeHead(422).end('{"title":"Not valid","detail":"BGP is disabled"}'))
  t.strictSame(await runTortie(['bgp', 'peers', '--watch'], { env }), { code: 1, out: '', err: 'tortie: not valid: BGP is disabled\n' })
})

t.test('a reader that goes ends it', async (t) => {
  const env = await agent(t, (response) => void response.write(line('SYNCED')))
  t.match(await runTortie(['bgp', 'peers', '--watch', '-o', 'json'], { env, closeAfter: 'SYNCED' }), { code: 0, err: '' })
})
