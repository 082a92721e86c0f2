/** A real speaker with a real session, a collector of our own, and bgpdump. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { MonitorSettings } from '../peer.ts'
import { address, lab, until } from '../session/fixture.ts'
import { notification, update } from '../session/raw-peer.ts'
import { encodeNotification } from '../wire/notification.ts'
import { bgpdump, bgpdumpOf } from './bgpdump.ts'
import { BmpCollector } from './bmp-collector.ts'

const node = { name: 'node-a', version: '1.0' }

async function collectorFor(t: Parameters<typeof lab>[0], routes: MonitorSettings['collectors'][number]['routes'] = ['received']) {
  const collector = await BmpCollector.listen()
  t.teardown(() => collector.close())
  const config = { name: 'noc', address: address('127.0.0.1'), port: collector.port, routes, statisticsIntervalSec: 0 }
  return { collector, config }
}

t.test('RFC 7854: a session from its OPENs to its end, with its routes, as a collector sees it', async (t) => {
  const { speaker, dial, best, port } = await lab(t)
  const { collector, config } = await collectorFor(t)
  speaker.setMonitors({ node, collectors: [config] })
  await collector.until((lines) => lines.length === 1)
  const peer = await dial()
  await peer.establish()
  peer.send(update)
  await until(() => best.size === 2)
  await collector.until((lines) => lines.some((line) => line.includes('198.51.100.0/24')))
  const about = '127.0.0.2 AS 65002'
  t.match(
    collector.lines[1],
    new RegExp(
      `^up received ${about} 127.0.0.1:${port} ${peer.socket.localPort} open 10.0.0.1 .*four-octet-as.* open 10.0.0.2 multiprotocol$`,
    ),
  )
  t.ok(collector.lines.includes(`route received ${about} + 203.0.113.0/24 path 65002, origin 0, via 192.0.2.1`))
  peer.send(encodeNotification(6, 4))
  await collector.until((lines) => lines.at(-1)?.startsWith('down') ?? false)
  t.equal(collector.lines.at(-1), `down received ${about} remote notification 6/4`)
})

t.test('a collector that stays configured as it was notices no change of the others; one that goes hears Termination', async (t) => {
  const { speaker } = await lab(t)
  const [one, other] = [await collectorFor(t), await collectorFor(t)]
  const collectors = [one.config, { ...other.config, name: 'other' }]
  speaker.setMonitors({ node, collectors })
  await Promise.all([one, other].map(({ collector }) => collector.until((lines) => lines.length === 1)))
  speaker.setMonitors({ node, collectors: collectors.slice(0, 1) })
  await other.collector.until((lines) => lines.at(-1) === 'closed')
  t.strictSame(other.collector.lines.slice(1), ['termination 0', 'closed'])
  t.equal(one.collector.lines.length, 1)
  t.match(speaker.monitors, { collectors: [{ name: 'noc', connected: true, connects: 1, messages: 1 }] })
  t.equal(speaker.monitors.collectors.length, 1)
})

t.test('RFC 6396: bgpdump reads a dump on demand, and the files that are written from time to time', async (t) => {
  const { speaker, dial, best } = await lab(t)
  const directory = join(t.testdir({}), 'mrt')
  const peer = await dial()
  await peer.establish()
  peer.send(update)
  await until(() => best.size === 2)
  const routes = ['198.51.100.0/24', '203.0.113.0/24'].map(
    (prefix) => `TABLE_DUMP2|B|127.0.0.2|65002|${prefix}|65002|IGP|192.0.2.1|0|0||NAG||`,
  )
  t.strictSame([...(await bgpdump(t, Buffer.concat([...speaker.dump()])))].sort(), routes)
  speaker.setMonitors({ node, collectors: [], mrt: { directory, intervalSec: 0.01, keep: 2 } })
  await until(() => (speaker.monitors.mrt?.files ?? 0) > 0)
  speaker.setMonitors({ node, collectors: [] })
  const [file = ''] = (await readdir(directory)).filter((name) => name.endsWith('.mrt'))
  t.strictSame([...(await bgpdumpOf(join(directory, file)))].sort(), routes)
  t.equal(speaker.monitors.mrt, undefined)
})

t.test('a session we end is told with the NOTIFICATION we sent', async (t) => {
  const { speaker, dial } = await lab(t)
  const { collector, config } = await collectorFor(t)
  speaker.setMonitors({ node, collectors: [config] })
  const peer = await dial()
  await peer.establish()
  await collector.until((lines) => lines.some((line) => line.startsWith('up')))
  speaker.setPeers([])
  t.match(await peer.next().then(async (heard) => (heard.type === 'update' ? await peer.next() : heard)), notification(6, 3))
  await collector.until((lines) => lines.at(-1)?.startsWith('down') ?? false)
  t.equal(collector.lines.at(-1), 'down received 127.0.0.2 AS 65002 local notification 6/3')
})
