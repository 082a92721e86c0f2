import t, { type Test } from 'tap'
import { Drain } from '../drain.ts'
import { startFixture } from '../http/api-fixture.ts'
import { tortieAt } from './cli-fixture.ts'

t.test('drain answers once the prefixes are withdrawn, --undo brings them back', async (t) => {
  const { drain, tortie } = await start(t)
  const { code, out, err } = await tortie('drain --wait 0')
  t.strictSame(
    [code, out.replace(/since \S+:/, 'since TIME:'), err],
    [
      0,
      'drained since TIME: the prefixes of this node are withdrawn, sessions are up; "tortie drain --undo" or a restart brings them back\n',
      '',
    ],
  )
  t.strictSame(JSON.parse((await tortie('drain --wait 0 -o json')).out), { ...drain.status })
  t.strictSame(await tortie('drain --undo'), { code: 0, out: 'not drained: the prefixes of this node are announced\n', err: '' })
  t.equal((await tortie('drain --undo -o yaml')).out, 'state: none\n')
  t.equal(drain.status.state, 'none')
})

t.test('a wait outside 0 to 3600 s is a usage mistake; a node without BGP refuses', async (t) => {
  const { tortie } = await start(t)
  for (const wait of ['-1', '3601', 'x', '1.5']) t.match(await tortie(`drain --wait=${wait}`), { code: 2, err: /0 to 3600 seconds/ }, wait)
  const api = await startFixture(t)
  t.strictSame(await tortieAt(api.socket)('drain'), {
    code: 1,
    out: '',
    err: 'tortie: not valid: BGP is disabled on this node: there is nothing to drain\n',
  })
})

async function start(t: Test) {
  const drain = new Drain({ drain: () => {} }, { info: () => {} })
  t.teardown(() => drain.stop())
  const api = await startFixture(t, { drain })
  return { drain, tortie: tortieAt(api.socket) }
}
