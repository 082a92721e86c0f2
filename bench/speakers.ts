/** How each speaker is told the same: peers that dial it, routes on to all of them (table, mesh) or into the kernel (fib). */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { stringify } from 'yaml'
import { agentCommand } from '../e2e/lab/agent-command.ts'
import type { Namespace } from '../e2e/lab/namespace.ts'
import { TortieNode } from '../e2e/lab/tortie-node.ts'
import { until } from '../e2e/lab/until.ts'

export type Peer = { readonly address: string; readonly asNumber: number }

export type Task = {
  readonly address: string
  readonly asNumber: number
  readonly peers: readonly Peer[]
  /** Put routes into the kernel and tell nobody, or the reverse. */
  readonly toKernel: boolean
  readonly namespace: Namespace
  readonly directory: string
}

export type SpeakerName = 'bird' | 'frr' | 'tortie'

/** Starts the speaker; returns once it listens on port 179. */
export async function startSpeaker(name: SpeakerName, task: Task): Promise<void> {
  await { bird: startBird, frr: startFrr, tortie: startTortie }[name](task)
  await until(`${name} listens`, async () => (await task.namespace.run('ss', ['-Hltn', 'sport = :179'])) !== '')
}

async function startBird({ address, asNumber, peers, toKernel, namespace, directory }: Task): Promise<void> {
  const protocols = peers.map(
    (
      peer,
      i,
    ) => `protocol bgp p${i} { local ${address} as ${asNumber}; passive; neighbor ${peer.address} as ${peer.asNumber}; hold time 180;
  ${peer.asNumber === asNumber ? 'rr client;' : ''} ipv4 { import all; export ${toKernel ? 'none' : 'all'}; }; }`,
  )
  const kernel = toKernel ? 'protocol kernel { ipv4 { import none; export all; }; }' : ''
  const file = path.join(directory, 'bird.conf')
  await writeFile(file, `router id ${address};\nprotocol device {}\n${kernel}\n${protocols.join('\n')}\n`)
  namespace.start('bird', ['-f', '-c', file, '-s', path.join(directory, 'bird.ctl')])
}

async function startFrr({ address, asNumber, peers, toKernel, namespace, directory }: Task): Promise<void> {
  const lines = [`router bgp ${asNumber}`, ` bgp router-id ${address}`, ' no bgp ebgp-requires-policy', ' no bgp network import-check']
  for (const peer of peers) {
    lines.push(
      ` neighbor ${peer.address} remote-as ${peer.asNumber}`,
      ` neighbor ${peer.address} passive`,
      ` neighbor ${peer.address} advertisement-interval 0`,
    )
  }
  lines.push(' address-family ipv4 unicast')
  for (const peer of peers) if (peer.asNumber === asNumber) lines.push(`  neighbor ${peer.address} route-reflector-client`)
  lines.push(' exit-address-family')
  const file = path.join(directory, 'bgpd.conf')
  await writeFile(file, `${lines.join('\n')}\n`)
  await writeFile(path.join(directory, 'zebra.conf'), '')
  await execa('chown', ['-R', 'frr:frr', directory])
  await chmod(directory, 0o755)
  const common = ['-z', path.join(directory, 'zserv'), '--vty_socket', directory, '-A', '127.0.0.1']
  if (toKernel) {
    namespace.start('/usr/lib/frr/zebra', [...common, '-f', path.join(directory, 'zebra.conf'), '-i', path.join(directory, 'zebra.pid')])
    await until('zebra answers', () => namespace.run('vtysh', ['--vty_socket', directory, '-c', 'show interface brief']))
  }
  namespace.start('/usr/lib/frr/bgpd', [
    ...common,
    ...(toKernel ? [] : ['-n', '-Z']),
    '-S',
    '-f',
    file,
    '-i',
    path.join(directory, 'bgpd.pid'),
    '-P',
    '0',
  ])
}

async function startTortie({ address, asNumber, peers, toKernel, namespace, directory }: Task): Promise<void> {
  const config = {
    node: { name: 'dut', ipv4: `${address}/16` },
    bgp: {
      asNumber,
      routerId: address,
      listenAddresses: [address],
      peers: peers.map((peer, i) => ({
        name: `p${i}`,
        address: peer.address,
        asNumber: peer.asNumber,
        passive: true,
        import: 'all',
        export: toKernel ? 'none' : 'all',
        ...(peer.asNumber === asNumber ? { routeReflectorClient: true } : {}),
      })),
    },
    felix: { enabled: toKernel },
    api: { socket: path.join(directory, 'api.sock') },
    datastore: { type: 'embedded', path: path.join(directory, 'store') },
    log: { level: 'warn' },
  }
  await mkdir(directory, { recursive: true })
  await writeFile(path.join(directory, 'tortie.yaml'), stringify(config))
  const node = new TortieNode({ name: 'dut', address, asNumber, podCidr: '', peers: [], directory, command: agentCommand() }, namespace)
  await node.start()
}
