/** A node whose policy cannot be programmed at the start is not ready, says so nowhere, and is once the base chains are in. */
import path from 'node:path'
import t from 'tap'
import { listenNotify } from '../src/os/test-notify-socket.ts'
import { SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'

const sentence = '"the node is programmed"'
const address = path.join(t.testdir({}), 'notify')
process.env.NOTIFY_SOCKET = address // as systemd gives it to the agent
const systemd = await listenNotify(address)
const lab = await SingleNode.create({ iptablesBackend: 'nft' })
t.teardown(async () => {
  if (!t.passing()) console.error(lab.node.log)
  await lab.remove()
  systemd.close()
})
const nft = (line: string) => lab.namespace.run('nft', line.split(' '))

// iptables-nft shows nothing of a table with such a rule, so what is there of ours cannot be told.
await nft('add table ip filter')
await nft('add chain ip filter OTHER')
await nft('add rule ip filter OTHER meta mark set ct mark')
const started = lab.node.start()

t.test('/readyz is 503 with the reason, systemd and the log are not told that the node is programmed', async (t) => {
  t.equal(await systemd.next(), 'STATUS=the node is not programmed yet: "tortie status" says why')
  const answer = await lab.node.request('GET', '/readyz')
  t.equal(answer.status, 503)
  t.match(
    JSON.stringify(answer.body),
    /policy cannot be programmed: hook filter\/\w+ \(IPv4\): table filter holds rules that only nft can show/,
  )
  t.notMatch(lab.node.log, sentence)
})

t.test('SIGHUP meanwhile does not make it ready', async (t) => {
  lab.node.signal('SIGHUP')
  await until('the configuration was taken', () => lab.node.log.includes('the configuration was taken'))
  t.equal((await lab.node.request('GET', '/readyz')).status, 503)
})

t.test('once the base chains are in, /readyz is 200 and systemd hears READY=1', async (t) => {
  await nft('flush chain ip filter OTHER')
  await started
  t.equal(await systemd.next(), 'READY=1\nSTATUS=node-n is programmed')
  t.ok(await until('the log says it', () => lab.node.log.includes(sentence)))
})
