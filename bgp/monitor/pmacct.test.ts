/** Against pmbmpd, the BMP collector of pmacct (a Debian package). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { parseCidr } from '../../src/net/prefix.ts'
import { address, freePort, lab, until } from '../session/fixture.ts'
import { ipv4Unicast, update } from '../session/raw-peer.ts'
import { encodeNotification } from '../wire/notification.ts'

t.setTimeout(300_000)

type Line = Readonly<Record<string, string | number>>

/** Starts it; `lines` is what it has understood. */
async function pmbmpd(t: Test) {
  const port = await freePort()
  const directory = t.testdir({})
  const log = join(directory, 'bmp.log')
  const config = join(directory, 'pmbmpd.conf')
  const options = [
    'daemonize: false',
    'bmp_daemon_ip: 127.0.0.1',
    `bmp_daemon_port: ${port}`,
    'bmp_daemon_msglog_output: json',
    `bmp_daemon_msglog_file: ${log}`,
  ]
  await writeFile(config, `${options.join('\n')}\n`)
  const daemon = spawn('/usr/sbin/pmbmpd', ['-f', config], { stdio: 'ignore' })
  t.teardown(async () => {
    const ended = once(daemon, 'exit')
    daemon.kill('SIGKILL')
    await ended
  })
  const lines = async (): Promise<readonly Line[]> => {
    const text = await readFile(log, 'utf8').catch(() => '')
    return text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Line] : []))
  }
  /** Resolves once there is such a line for each. */
  const line = async (...wanted: readonly Line[]): Promise<readonly Line[]> => {
    for (;;) {
      const all = await lines()
      const found = wanted.map((want) => all.find((line) => Object.entries(want).every(([name, value]) => line[name] === value)))
      if (!found.includes(undefined)) return found.filter((line) => line !== undefined)
      await pause(50)
    }
  }
  return { port, line }
}

t.test('pmbmpd understands each message: sessions, four tables, statistics, and how a session ended', async (t) => {
  const { port, line } = await pmbmpd(t)
  const { speaker, dial, best } = await lab(t)
  const [own] = [parseCidr('10.244.1.0/24')]
  speaker.originate(own === undefined ? [] : [own])
  const peer = await dial()
  await peer.establish({ capabilities: [ipv4Unicast] })
  peer.send(update)
  await until(() => best.size === 2)
  const routes = ['received', 'accepted', 'best', 'advertised'] as const
  const collector = { name: 'pmacct', address: address('127.0.0.1'), port, routes, statisticsIntervalSec: 1 }
  speaker.setMonitors({ node: { name: 'node-a', version: '1.0' }, collectors: [collector] })
  const learned = { bmp_msg_type: 'route_monitor', ip_prefix: '203.0.113.0/24', bgp_nexthop: '192.0.2.1', as_path: '65002' }
  const [init, up] = await line(
    { bmp_msg_type: 'init', bmp_init_info_sysname: 'node-a', bmp_init_info_sysdescr: 'Tortie 1.0' },
    { bmp_msg_type: 'peer_up', peer_ip: '127.0.0.2', peer_asn: 65002, bgp_id: '10.0.0.2', local_ip: '127.0.0.1', is_post: 0 },
    { bmp_msg_type: 'peer_up', peer_type: 3, peer_asn: 65001, bgp_id: '10.0.0.1' },
    { ...learned, peer_ip: '127.0.0.2', is_in: 1, is_post: 0 },
    { ...learned, peer_ip: '127.0.0.2', is_in: 1, is_post: 1, local_pref: 100 },
    { ...learned, is_loc: 1, local_pref: 100 },
    { bmp_msg_type: 'route_monitor', ip_prefix: '10.244.1.0/24', is_out: 1, is_post: 1, peer_ip: '127.0.0.2', as_path: '65001' },
    { bmp_msg_type: 'stats', counter_type: 7, counter_value: 2, peer_ip: '127.0.0.2' },
    { bmp_msg_type: 'stats', counter_type: 8, counter_value: 3, peer_type: 3 },
  )
  t.match([init, up], [{ bmp_router: '127.0.0.1' }, { remote_port: peer.socket.localPort ?? -1 }])
  peer.send(encodeNotification(6, 2))
  await line({ bmp_msg_type: 'peer_down', peer_ip: '127.0.0.2', reason_type: 3 })
  await line({ bmp_msg_type: 'route_monitor', log_type: 'withdraw', is_loc: 1, ip_prefix: '203.0.113.0/24' })
  speaker.setMonitors({ node: { name: 'node-a', version: '1.0' }, collectors: [] })
  await line({ bmp_msg_type: 'term' })
})
