import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import { run } from '../../src/os/process.ts'
import type { KernelState } from '../kernel.ts'
import { enterNetns } from '../test-netns.ts'
import { IpKernel } from './ip-kernel.ts'
import { NetlinkKernel } from './netlink-kernel.ts'
import { NetworkTables } from './network-tables.ts'

const desired: Pick<KernelState, 'links' | 'tunnels' | 'sysctls' | 'routes'> = {
  tunnels: [],
  links: [{ name: 'tort1', up: true }],
  sysctls: [{ path: 'net/ipv4/conf/tort1/proxy_arp', value: '1', link: 'tort1' }],
  routes: [{ destination: '10.244.1.2/32' as Cidr, nextHop: { type: 'unicast', device: 'tort1', scope: 'link' } }],
}
const kernels = [
  ['netlink', () => NetlinkKernel.open()],
  ['ip', async () => new IpKernel(run)],
] as const

for (const [way, openKernel] of kernels) {
  t.test(`links, sysctls and routes over ${way}`, async (t) => {
    t.beforeEach(async () => {
      await enterNetns()
      await ip('link', 'add', 'tort1', 'type', 'veth', 'peer', 'name', 'peer1')
    })

    t.test('what somebody removes comes back', async (t) => {
      const { tables, apply, drifted } = await start(t, openKernel)
      t.equal(await apply(), 0)
      await ip('route', 'del', '10.244.1.2/32')
      while (!(await hasRoute())) {
        await drifted()
        t.equal(await apply(), 0)
      }
      t.strictSame(tables.problems(), [])
      t.equal(tables.routes(10).routes.length, 1)
    })

    t.test('routes of others and of other tables are left alone', async (t) => {
      await ip('link', 'set', 'tort1', 'up')
      await ip('address', 'add', '10.9.0.1/24', 'dev', 'tort1')
      await ip('route', 'add', '10.7.0.0/16', 'via', '10.9.0.2', 'proto', 'static')
      await ip('route', 'add', '10.8.0.0/16', 'via', '10.9.0.2', 'proto', '116', 'table', '99')
      await ip('route', 'add', '10.6.0.0/16', 'via', '10.9.0.2', 'proto', '116')
      const { tables, apply } = await start(t, openKernel)
      await apply()
      tables.allowPrune()
      while ((await ip('route', 'show', 'proto', '116')).includes('10.6.0.0')) await apply()
      t.match(await ip('route', 'show', 'table', 'all'), /10\.7\.0\.0\/16 via 10\.9\.0\.2 dev tort1 proto static/)
      t.match(await ip('route', 'show', 'table', '99'), /10\.8\.0\.0\/16/)
      t.equal(await hasRoute(), true)
    })
  })
}

async function start(t: Test, openKernel: (typeof kernels)[number][1]) {
  let wake = Promise.withResolvers<void>()
  const onDrift = () => wake.resolve()
  const log = pino({ level: 'silent' })
  const tables = new NetworkTables(
    { routeProtocol: 116 },
    { run, nowMs: () => performance.now(), log, onDrift, onDue: () => {}, openKernel },
  )
  t.teardown(() => tables.close())
  await tables.start()
  const apply = async () =>
    (await tables.applyLinks(desired)).unprogrammed.size + (await tables.applyRoutes(desired, true)).unprogrammed.size
  const drifted = async () => {
    await Promise.race([wake.promise, new Promise((resolve) => setImmediate(resolve))])
    wake = Promise.withResolvers()
  }
  return { tables, apply, drifted }
}

async function hasRoute(): Promise<boolean> {
  return (await ip('route', 'show', 'proto', '116')).includes('10.244.1.2 dev tort1')
}

async function ip(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run('ip', args, { timeoutMs: 10_000 })
  if (exitCode !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  return stdout
}
