import { execFileSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { isInNamespace } from '../test-namespace.ts'
import { IpMonitor } from './ip-monitor.ts'
import type { KernelEvent, Monitor } from './monitor.ts'
import { NetlinkKernel } from './netlink-kernel.ts'
import { NetlinkMonitor } from './netlink-monitor.ts'

const hop = { type: 'blackhole', index: 0, onlink: false, scope: 0 } as const
const change = { operation: 'create', family: 4, address: Uint8Array.of(10, 1, 0, 0), length: 24, protocol: 116, hop } as const

if (isInNamespace()) {
  ip('link set lo up')

  t.test('routes that come, are replaced and go; links and addresses too', async (t) => {
    const { heard, until } = await listen(t)
    ip('route add blackhole 10.2.0.0/24 proto 4')
    ip('route replace blackhole 10.2.0.0/24 proto 116')
    ip('route del 10.2.0.0/24')
    ip('link add v0 type veth peer name v1')
    ip('link set v0 up')
    ip('addr add 10.99.0.1/24 dev v0')
    ip('addr del 10.99.0.1/24 dev v0')
    ip('link del v0')
    await until((event) => event.type === 'link' && event.message.gone && event.message.link.name === 'v0')
    const words = heard.flatMap((event) =>
      event.type === 'route' && event.route.table !== 255 ? [`${event.change} ${event.route.protocol}`] : [],
    )
    t.same(words.slice(0, 3), ['added 4', 'replaced 116', 'removed 116'])
    t.ok(heard.some((event) => event.type === 'link' && event.message.link.name === 'v0' && event.message.link.up))
    t.same(heard.flatMap((event) => (event.type === 'address' && event.message.gone ? ['gone'] : [])).slice(0, 1), ['gone'])
  })

  t.test('route changes of our own are not heard, however many; the same from others are', async (t) => {
    const kernel = await NetlinkKernel.open()
    t.teardown(() => kernel.close())
    const { heard, until } = await listen(t, kernel.port)
    for (let i = 0; i < 1000; i++) kernel.change({ ...change, address: Uint8Array.of(10, 3, i >> 8, i), length: 32 })
    t.same(await kernel.flush(), [])
    ip('route add blackhole 10.4.0.0/24 proto 116')
    await until((event) => event.type === 'route')
    t.equal(heard.filter(({ type }) => type === 'route').length, 1)
    ip('route flush proto 116')
  })

  t.test('many routes removed at once are each heard with their own destination', async (t) => {
    const { heard, until } = await listen(t)
    const destinations = Array.from({ length: 1000 }, (_, i) => `10.6.${i >> 8}.${i & 255}`)
    const input = destinations.map((destination) => `route add blackhole ${destination} proto 116`).join('\n')
    execFileSync('ip', ['-batch', '-'], { input })
    ip('route flush proto 116')
    const gone = () => heard.flatMap((event) => (event.type === 'route' && event.change === 'removed' ? [event.route.bytes.join('.')] : []))
    await until(() => gone().length === destinations.length)
    t.same(new Set(gone()), new Set(destinations))
  })

  t.test("the kernel's refusal names the change of the batch it is about", async (t) => {
    const kernel = await NetlinkKernel.open()
    t.teardown(() => kernel.close())
    kernel.change(change)
    kernel.change(change)
    kernel.change({ ...change, operation: 'delete' })
    kernel.change({ ...change, operation: 'delete' })
    t.same(await kernel.flush(), [
      { at: 1, errno: 'EEXIST', text: 'file already exists' },
      { at: 3, errno: 'ESRCH', text: 'no such process' },
    ])
    t.same(await kernel.flush(), [], 'an empty batch asks nothing')
  })

  t.test('the addresses of this node, with the index of their link', async (t) => {
    const kernel = await NetlinkKernel.open()
    t.teardown(() => kernel.close())
    t.same(await kernel.addresses(), [
      { index: 1, family: 4, address: '127.0.0.1', length: 8, label: 'lo' },
      { index: 1, family: 6, address: '::1', length: 128 },
    ])
  })

  t.test('ip monitor says that something has changed', async (t) => {
    let monitor: Monitor | undefined
    await new Promise<void>((resolve, reject) => {
      monitor = new IpMonitor({
        onEvents: (events) => (events[0]?.type === 'lost' ? resolve() : reject(new Error('unexpected'))),
        onError: reject,
      })
      const poke = (): void => {
        // it does not say when it has begun to listen
        ip('route add blackhole 10.5.0.0/24')
        ip('route del 10.5.0.0/24')
      }
      const poking = setInterval(poke, 20)
      t.teardown(() => clearInterval(poking))
    })
    await monitor?.close()
  })

  t.test('an ip monitor that cannot be started is told', async (t) => {
    const error = await new Promise((resolve) => new IpMonitor({ onEvents: () => undefined, onError: resolve }, ['no-such-program']))
    t.match(error, { message: 'ip monitor cannot be started' })
  })
}

async function listen(t: Test, ownPort = 0) {
  const heard: KernelEvent[] = []
  let wake = (): void => undefined
  const onEvents = (events: readonly KernelEvent[]): void => {
    heard.push(...events)
    wake()
  }
  const monitor = await NetlinkMonitor.open(ownPort, { onEvents, onError: (error) => t.fail('monitor', { error }) })
  t.teardown(() => monitor.close())
  const until = async (isIt: (event: KernelEvent) => boolean): Promise<void> => {
    while (!heard.some(isIt)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { heard, until }
}

function ip(command: string): string {
  return execFileSync('ip', command.split(' '), { encoding: 'utf8' })
}
