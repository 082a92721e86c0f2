import { existsSync } from 'node:fs'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import { run } from '../../src/os/process.ts'
import type { KernelState, Tunnel } from '../kernel.ts'
import { enterNetns } from '../test-netns.ts'
import { makeTunnelDevice } from '../test-tunnel-device.ts'
import { IpKernel } from './ip-kernel.ts'
import { NetlinkKernel } from './netlink-kernel.ts'
import type { NetworkKernel } from './network-kernel.ts'
import { NetworkTables } from './network-tables.ts'

type Desired = Pick<KernelState, 'links' | 'tunnels' | 'sysctls' | 'routes'>

const tunnel: Tunnel = { type: 'ipip', name: 'tunl0', address: '10.244.1.0' as IpAddress, mtu: 1440 }
const route = {
  destination: '10.244.2.0/24' as Cidr,
  nextHop: { type: 'unicast', device: 'tunl0', via: '10.99.0.2' as IpAddress, onlink: true },
} as const
const wanted: Desired = { links: [], tunnels: [tunnel], sysctls: [], routes: [route] }
const unwanted: Desired = { ...wanted, tunnels: [], routes: [] }
/** The module puts the device into every namespace. */
const hasIpip = existsSync('/proc/sys/net/ipv4/conf/tunl0')
const inKernel = '10.244.2.0/24 via 10.99.0.2 dev tunl0 proto 116 onlink'
const programmed = { up: true, mtu: 1440, addresses: ['10.244.1.0/32 tunl0:tortie'] }

const kernels: [way: string, open: () => Promise<NetworkKernel>][] = [
  ['netlink', () => NetlinkKernel.open()],
  ['ip', async () => new IpKernel(run)],
]
/** Only one of them where that is asked for on the command line. */
const [, , only] = process.argv
for (const [way, openKernel] of kernels.filter(([way]) => only === undefined || way === only)) {
  t.test(`the tunnel over ${way}`, async (t) => {
    t.beforeEach(() => enterNetns())

    t.test('gets its MTU, its address and its on-link route; the next apply changes nothing', async (t) => {
      await makeTunnelDevice('tunl0')
      const { tables, apply } = await start(t, openKernel)
      t.match(await apply(wanted), { changed: 4, repaired: 0, unprogrammed: new Map() })
      t.same([await device(), await route116()], [programmed, inKernel])
      t.match(await apply(wanted), { changed: 0, repaired: 0, unprogrammed: new Map() })
      t.same(tables.tunnels(), [
        {
          name: 'tunl0',
          wanted: { address: '10.244.1.0', mtu: 1440 },
          programmed: { up: true, mtu: 1440, addresses: [{ address: '10.244.1.0', ours: true }] },
          status: { state: 'programmed' },
        },
      ])
    })

    const drifts: [title: string, command: string][] = [
      ['set down', 'link set tunl0 down'],
      ['robbed of its address', 'address del 10.244.1.0/32 dev tunl0'],
      ['given another MTU', 'link set tunl0 mtu 1300'],
    ]
    for (const [title, command] of drifts) {
      t.test(`${title} by somebody: repaired with its route, and counted`, async (t) => {
        await makeTunnelDevice('tunl0')
        const { apply, drifted } = await start(t, openKernel)
        await apply(wanted)
        await ip(command)
        let repaired = 0
        while (repaired === 0 || (await route116()) !== inKernel) {
          await drifted()
          repaired += (await apply(wanted)).repaired
        }
        t.same(await device(), programmed)
      })
    }

    t.test('an agent that starts again finds its own: the old address goes once pruning is allowed', async (t) => {
      await makeTunnelDevice('tunl0')
      await agentWas(openKernel)
      await ip('address add 10.7.0.1/32 dev tunl0')
      const { tables, apply } = await start(t, openKernel)
      const moved: Desired = { ...wanted, tunnels: [{ ...tunnel, address: '10.244.7.0' as IpAddress, mtu: 1400 }] }
      t.match(await apply(moved), { unprogrammed: new Map() })
      const addresses = ['10.244.1.0/32 tunl0:tortie', '10.7.0.1/32 tunl0', '10.244.7.0/32 tunl0:tortie']
      t.same(await device(), { up: true, mtu: 1400, addresses })
      tables.allowPrune()
      t.match(await apply(moved), { changed: 1, repaired: 0, unprogrammed: new Map() })
      t.same(await device(), { up: true, mtu: 1400, addresses: addresses.slice(1) })
      t.equal(await route116(), inKernel, 'the route did not go with the address')
    })

    t.test('not wanted any more: it stays until pruning is allowed, then its route, its address and its being up go', async (t) => {
      await makeTunnelDevice('tunl0')
      await agentWas(openKernel)
      const { tables, apply } = await start(t, openKernel)
      await apply(unwanted)
      t.same([await device(), await route116()], [programmed, inKernel])
      tables.allowPrune()
      while ((await device()).up) await apply(unwanted)
      t.same([await device(), await route116()], [{ up: false, mtu: 1440, addresses: [] }, ''])
      t.same(tables.tunnels(), [])
    })

    t.test("a user's own tunl0 is never touched", async (t) => {
      await makeTunnelDevice('tunl0')
      for (const command of ['link set tunl0 mtu 1300 up', 'address add 10.7.0.1/24 dev tunl0']) await ip(command)
      const before = await device()
      const { tables, apply } = await start(t, openKernel)
      tables.allowPrune()
      t.match(await apply(unwanted), { changed: 0, unprogrammed: new Map() })
      t.same(await device(), before)
    })

    t.test('what the kernel refuses is a status, tried again after a while; the rest goes on', async (t) => {
      await makeTunnelDevice('tunl0')
      const { tables, apply, pass, nowMs } = await start(t, openKernel)
      const tooBig: Desired = { ...wanted, tunnels: [{ ...tunnel, mtu: 70_000 }] }
      const { unprogrammed } = await apply(tooBig)
      t.match(unprogrammed.get('tunnel tunl0'), { state: 'failed', reason: /^EINVAL: / })
      t.match(unprogrammed.get('route 10.244.2.0/24'), { state: 'pending', reason: 'link tunl0 is down' })
      t.ok(tables.dueAtMs <= nowMs() + 100, 'the next try is due')
      pass(101)
      t.match((await apply(wanted)).unprogrammed, new Map())
    })

    t.test('while its guard is not in the kernel the device stays down', async (t) => {
      await makeTunnelDevice('tunl0')
      const { apply } = await start(t, openKernel)
      const { unprogrammed } = await apply(wanted, false)
      t.match(unprogrammed.get('tunnel tunl0'), { state: 'pending', reason: /policy/ })
      t.equal((await device()).up, false)
      await apply(wanted)
      t.equal((await apply(wanted, false)).unprogrammed.size, 0, 'one that is up stays up')
    })

    // where the kernel has ipip, tunl0 is in every namespace, and the name is never another device's
    if (!hasIpip) {
      t.test('a device of that name and another kind is not taken', async (t) => {
        await ip('link add tunl0 type veth peer name peer0')
        const { apply } = await start(t, openKernel)
        const failed = { state: 'failed', reason: 'tunl0 is not an IP-in-IP device: rename or remove it' }
        t.same((await apply(wanted)).unprogrammed.get('tunnel tunl0'), failed)
        t.equal((await device()).addresses.length, 0)
      })
    }

    t.test('on a kernel without ipip the tunnel failed and its routes wait; on one with it tunl0 is made', async (t) => {
      const { apply } = await start(t, openKernel)
      const { unprogrammed } = await apply({ ...wanted, links: [{ name: 'lo', up: true }] })
      if (unprogrammed.size === 0) return t.same(await device(), programmed)
      t.match(
        [...unprogrammed],
        [
          ['tunnel tunl0', { state: 'failed', reason: /^the kernel has no ipip: ENOTSUP: unknown device type/i }],
          ['route 10.244.2.0/24', { state: 'pending', reason: 'link tunl0 does not exist' }],
        ],
      )
      await makeTunnelDevice('tunl0')
      await ip('link set tunl0 mtu 1300') // nobody is told of its type before the next event
      while ((await apply(wanted)).unprogrammed.size > 0) await new Promise((resolve) => setImmediate(resolve))
      t.same([await device(), await route116()], [programmed, inKernel])
    })
  })
}

async function start(t: Test, openKernel: () => Promise<NetworkKernel>) {
  let wake = Promise.withResolvers<void>()
  let passedMs = 0
  const nowMs = () => performance.now() + passedMs
  const dependencies = { run, nowMs, log: pino({ level: 'silent' }), onDrift: () => wake.resolve(), onDue: () => {} }
  const tables = new NetworkTables({ routeProtocol: 116 }, { ...dependencies, openKernel })
  t.teardown(() => tables.close())
  await tables.start()
  const apply = async (desired: Desired, policed = true) => {
    const links = await tables.applyLinks(desired)
    const { changed, repaired, unprogrammed } = await tables.applyRoutes(desired, policed)
    return { changed, repaired, unprogrammed: new Map([...links.unprogrammed, ...unprogrammed]) }
  }
  const drifted = async () => {
    await wake.promise
    wake = Promise.withResolvers()
  }
  return { tables, apply, drifted, nowMs, pass: (ms: number) => (passedMs += ms) }
}

/** An agent that made everything and ended. */
async function agentWas(openKernel: () => Promise<NetworkKernel>): Promise<void> {
  const log = pino({ level: 'silent' })
  const tables = new NetworkTables(
    { routeProtocol: 116 },
    { run, nowMs: () => performance.now(), log, onDrift: () => {}, onDue: () => {}, openKernel },
  )
  await tables.start()
  await tables.applyLinks(wanted)
  await tables.applyRoutes(wanted, true)
  await tables.close()
}

async function device(): Promise<{ up: boolean; mtu: number; addresses: string[] }> {
  const links: unknown = JSON.parse(await ip('-json -4 address show dev tunl0'))
  const [link] = Array.isArray(links) ? links : []
  const { flags, mtu, addr_info: infos = [] } = link ?? JSON.parse(await ip('-json link show dev tunl0'))[0]
  const addresses = infos.map(
    (info: { local: string; prefixlen: number; label: string }) => `${info.local}/${info.prefixlen} ${info.label}`,
  )
  return { up: flags.includes('UP'), mtu, addresses }
}

async function route116(): Promise<string> {
  return (await ip('route show proto 116')).replace('linkdown', '').trim().replace('dev tunl0 ', 'dev tunl0 proto 116 ')
}

async function ip(command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run('ip', command.split(' '), { timeoutMs: 10_000 })
  if (exitCode !== 0) throw new Error(`ip ${command}: ${stderr}`)
  return stdout
}
