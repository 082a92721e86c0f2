import { execFileSync } from 'node:child_process'
import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import { run } from '../../src/os/process.ts'
import { isInNamespace } from '../test-namespace.ts'
import { IpKernel } from './ip-kernel.ts'
import type { KernelHop, KernelRoute, RouteChange } from './kernel-route.ts'
import { NetlinkKernel } from './netlink-kernel.ts'
import type { NetworkKernel } from './network-kernel.ts'

const OURS = 116

if (isInNamespace()) {
  ip('link set lo up')
  ip('link add v0 type veth peer name v1')
  for (const link of ['v0', 'v1']) ip(`link set ${link} up`)
  ip('addr add 10.99.0.1/24 dev v0')
  ip('-6 addr add fd99::1/64 dev v0 nodad')

  const ways: [name: string, open: () => Promise<NetworkKernel>][] = [
    ['netlink', () => NetlinkKernel.open()],
    ['ip', async () => new IpKernel(run)],
  ]

  for (const [name, open] of ways) {
    t.test(`${name}: what is written is read back by both ways alike, and deleted`, async (t) => {
      const kernel = await open()
      const links = await kernel.links()
      const index = links.find((link) => link.name === 'v0')?.index ?? 0
      const changes = samples(index)
      for (const change of changes) kernel.change(change)
      t.same(await kernel.flush(), [])
      const others = await NetlinkKernel.open()
      for (const family of [4, 6] as const) t.same(await routes(kernel, family), await routes(others, family))
      t.equal((await routes(kernel, 4)).length + (await routes(kernel, 6)).length, changes.length)
      for (const change of changes) kernel.change({ ...change, operation: 'delete' })
      t.same(await kernel.flush(), [])
      t.same([await routes(others, 4), await routes(others, 6)], [[], []])
      kernel.close()
      others.close()
    })

    t.test(`${name}: a batch goes on behind a refusal`, async (t) => {
      const kernel = await open()
      await kernel.links()
      const [first, second] = samples(0)
      if (first === undefined || second === undefined) throw new Error('no samples')
      for (const change of [first, first, second])
        kernel.change({ ...change, hop: { type: 'blackhole', index: 0, onlink: false, scope: 0 } })
      t.match(await kernel.flush(), [{ at: 1, errno: 'EEXIST' }])
      t.equal((await routes(kernel, 4)).length, 2)
      ip(`route flush proto ${OURS}`)
      kernel.close()
    })

    t.test(`${name}: a link is brought up, or the refusal is told`, async (t) => {
      const kernel = await open()
      ip('link set v1 down')
      const link = (await kernel.links()).find(({ name }) => name === 'v1')
      if (link === undefined) throw new Error('no link')
      t.equal(link.up, false)
      t.equal(await kernel.changeLink(link, { up: true }), undefined)
      t.equal((await kernel.links()).find(({ name }) => name === 'v1')?.up, true)
      t.match(await kernel.changeLink({ ...link, index: 9999, name: 'absent' }, { up: true }), { at: 0, text: /device/i })
      kernel.close()
    })

    t.test(`${name}: a link takes an MTU and goes down, and nothing else of it changes`, async (t) => {
      const kernel = await open()
      ip('link set v1 up')
      const v1 = async () => (await kernel.links()).find((link) => link.name === 'v1')
      const before = await v1()
      if (before === undefined) throw new Error('no link')
      t.equal(await kernel.changeLink(before, { mtu: 1400 }), undefined)
      t.same(await v1(), { ...before, mtu: 1400 })
      t.equal(await kernel.changeLink(before, { up: false, mtu: 1500 }), undefined)
      t.same(await v1(), { ...before, up: false })
      t.match(await kernel.changeLink(before, { mtu: 7 }), { at: 0, text: /mtu/i })
      kernel.close()
    })

    t.test(`${name}: an address with a label is told from one of others, and only it is removed`, async (t) => {
      const kernel = await open()
      const link = (await kernel.links()).find((one) => one.name === 'v1')
      if (link === undefined) throw new Error('no link')
      ip('addr add 10.88.0.1/32 dev v1')
      const address = { index: link.index, family: 4, address: '10.88.0.2' as IpAddress, length: 32, label: 'v1:tortie' } as const
      t.equal(await kernel.changeAddress('create', address), undefined)
      const foreign = { ...address, address: '10.88.0.1', label: 'v1' }
      const ofLink = async () => (await kernel.addresses(link)).filter(({ family }) => family === 4)
      t.same(await ofLink(), [foreign, address])
      t.equal((await kernel.addresses()).filter((one) => one.address.startsWith('10.88.') || one.address === '127.0.0.1').length, 3)
      t.match(await kernel.changeAddress('create', address), { errno: 'EEXIST' })
      t.ok(
        await kernel.changeAddress('delete', { ...foreign, label: 'v1:tortie', address: address.address.replace('.2', '.1') as IpAddress }),
      )
      t.equal(await kernel.changeAddress('delete', address), undefined)
      t.same(await ofLink(), [foreign])
      ip('addr flush dev v1')
      kernel.close()
    })

    t.test(`${name}: a kernel without ipip says so`, async (t) => {
      const kernel = await open()
      const refusal = await kernel.makeIpip('tunl0')
      if (refusal === undefined || refusal.errno === 'EEXIST')
        t.equal((await kernel.links()).find((link) => link.name === 'tunl0')?.ipip, true)
      else t.match(refusal, { at: 0, errno: 'ENOTSUP', text: /unknown device type/i })
      kernel.close()
    })
  }
}

function samples(index: number): RouteChange[] {
  const hop = { index, onlink: false, scope: 0 } as const
  const v6 = (...octets: number[]): Uint8Array => Uint8Array.from([0xfd, ...octets, ...Array<number>(14 - octets.length).fill(0), 2])
  const unicast: [a: number, hop: KernelHop][] = [
    [1, { ...hop, type: 'unicast', via: Uint8Array.of(10, 99, 0, 2) }],
    [2, { ...hop, type: 'unicast', scope: 253 }],
    [3, { ...hop, type: 'unicast', via: Uint8Array.of(192, 168, 7, 7), onlink: true }],
    [4, { ...hop, type: 'unicast', via: Uint8Array.of(10, 99, 0, 2), source: Uint8Array.of(10, 99, 0, 1) }],
    [5, { ...hop, type: 'blackhole', index: 0 }],
    [6, { ...hop, type: 'unicast', via: v6(0x99) }], // RFC 8950
  ]
  const common = { operation: 'create', protocol: OURS } as const
  const ipv4 = unicast.map(([a, hop]) => ({ ...common, family: 4, address: Uint8Array.of(10, a, 0, 0), length: 24, hop }) as const)
  const address = (a: number): Uint8Array => Uint8Array.from([0xfd, a, ...Array<number>(14).fill(0)])
  return [
    ...ipv4,
    { ...common, family: 6, address: address(1), length: 64, hop: { ...hop, type: 'unicast', via: v6(0x99) } },
    { ...common, family: 6, address: address(2), length: 64, hop: { ...hop, type: 'blackhole', index: 0 } },
  ]
}

async function routes(kernel: NetworkKernel, family: 4 | 6): Promise<KernelRoute[]> {
  const found: KernelRoute[] = []
  await kernel.routes(family, OURS, (route) => found.push(route))
  return found
}

function ip(command: string): string {
  return execFileSync('ip', command.split(' '), { encoding: 'utf8' })
}
