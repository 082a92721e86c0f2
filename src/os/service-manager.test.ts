import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openServiceManager, type ServiceEnvironment } from './service-manager.ts'
import { listenNotify } from './test-notify-socket.ts'

/** An agent's side in this environment, and what it could not tell. */
async function open(environment: ServiceEnvironment) {
  const failures: string[] = []
  return { failures, ...(await openServiceManager(environment, { onFailure: (reason) => failures.push(reason) })) }
}

async function listen(t: Test, address: string) {
  const manager = await listenNotify(address)
  t.teardown(() => manager.close())
  return manager
}

function pathOf(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'tortie-notify-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return join(directory, 'notify')
}

for (const kind of ['path', 'abstract name'])
  t.test(`sd_notify(3): waiting, ready, reloading, ready again, stopping, over a ${kind}`, async (t) => {
    const address = kind === 'path' ? pathOf(t) : `@tortie-notify-${process.pid}`
    const manager = await listen(t, address)
    const service = await open({ NOTIFY_SOCKET: address })
    service.waiting('not programmed\nyet')
    t.equal(await manager.next(), 'STATUS=not programmed yet')
    service.ready('node-a, revision 7\nprogrammed')
    t.equal(await manager.next(), 'READY=1\nSTATUS=node-a, revision 7 programmed')
    const before = process.hrtime.bigint() / 1000n
    service.reloading()
    const [, time = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(await manager.next()) ?? []
    t.ok(BigInt(time) >= before && BigInt(time) <= process.hrtime.bigint() / 1000n)
    service.ready('again')
    t.equal(await manager.next(), 'READY=1\nSTATUS=again')
    service.stopping()
    t.equal(await manager.next(), 'STOPPING=1')
    t.strictSame(service.failures, [])
  })

t.test('sd_watchdog_enabled(3): the watchdog of this process is answered until it stops', async (t) => {
  const address = pathOf(t)
  const manager = await listen(t, address)
  const service = await open({ NOTIFY_SOCKET: address, WATCHDOG_USEC: '20000', WATCHDOG_PID: String(process.pid) })
  const alive = setInterval(() => {}, 1_000) // the watchdog alone keeps no process alive
  t.strictSame([await manager.next(), await manager.next()], ['WATCHDOG=1', 'WATCHDOG=1'])
  clearInterval(alive)
  service.stopping()
  for (let text = ''; text !== 'STOPPING=1'; text = await manager.next());
})

const silent: [title: string, environment: ServiceEnvironment][] = [
  ['none', {}],
  ['an empty one', { NOTIFY_SOCKET: '' }],
  ['a name of another kind', { NOTIFY_SOCKET: 'vsock:2:1234', WATCHDOG_USEC: '1000' }],
]
for (const [title, environment] of silent)
  t.test(`no service manager, nothing told: ${title}`, async (t) => {
    const service = await open(environment)
    service.ready('x')
    service.reloading()
    service.stopping()
    t.strictSame(service.failures, [])
  })

t.test('a watchdog of another process, or none, is not answered', async (t) => {
  for (const watchdog of [{}, { WATCHDOG_USEC: '0' }, { WATCHDOG_USEC: 'x' }, { WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' }]) {
    const address = pathOf(t)
    const manager = await listen(t, address)
    const service = await open({ NOTIFY_SOCKET: address, ...watchdog })
    const other = pathOf(t)
    const answered = await listen(t, other)
    const beside = await open({ NOTIFY_SOCKET: other, WATCHDOG_USEC: '1000' })
    for (let beats = 0; beats < 3; beats++) await answered.next()
    for (const each of [beside, service]) each.stopping()
    t.equal(await manager.next(), 'STOPPING=1', JSON.stringify(watchdog))
  }
})

t.test('a service manager that is not there is told about once, and the agent goes on', async (t) => {
  const service = await open({ NOTIFY_SOCKET: '/nowhere/notify' })
  service.ready('x')
  service.stopping()
  t.strictSame(service.failures, ['sendto /nowhere/notify: ENOENT'])
})
