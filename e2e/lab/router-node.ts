import type { ChildProcess } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { end, type Namespace } from './namespace.ts'
import { Pod } from './pod.ts'
import { until } from './until.ts'

export type RouterPeer = { readonly name: string; readonly address: string; readonly asNumber: number; readonly passive?: boolean }

export type RouterOptions = {
  readonly name: string
  readonly address: string
  readonly asNumber: number
  /** "10.244.3.0/24"; its first address is the gateway of the pods here. */
  readonly podCidr: string
  readonly peers: readonly RouterPeer[]
  readonly holdTimeSec: number
  readonly directory: string
  /** BIRD; default: on (RFC 4724). */
  readonly gracefulRestart?: 'off'
}

/** A node that runs somebody else's BGP daemon; its pods hang on plain veths behind their gateway address. */
export abstract class RouterNode {
  readonly options: RouterOptions
  readonly namespace: Namespace
  protected readonly daemons: ChildProcess[] = []
  log = ''

  constructor(options: RouterOptions, namespace: Namespace) {
    this.options = options
    this.namespace = namespace
  }

  abstract start(): Promise<void>

  async addPod(name: string, address: string): Promise<Pod> {
    const hostInterface = `pod${name}`
    const gateway = this.gateway
    const pod = await Pod.create(this.namespace, { name, address, hostInterface, gateway })
    await this.namespace.ip('addr', 'add', `${gateway}/32`, 'dev', hostInterface)
    await this.namespace.ip('link', 'set', hostInterface, 'up')
    await this.namespace.ip('route', 'add', `${address}/32`, 'dev', hostInterface)
    return pod
  }

  async end(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => end(daemon, 'SIGTERM')))
  }

  protected get gateway(): string {
    return this.options.podCidr.replace(/\.0\/\d+$/, '.1')
  }

  protected file(name: string): string {
    return path.join(this.options.directory, name)
  }

  protected async write(name: string, text: string): Promise<void> {
    await mkdir(this.options.directory, { recursive: true })
    await writeFile(this.file(name), text)
    await chmod(this.file(name), 0o644)
  }

  protected launch(command: string, args: readonly string[]): void {
    const onOutput = (text: string) => {
      this.log = (this.log + text).slice(-20_000)
    }
    this.daemons.push(this.namespace.start(command, args, { onOutput }))
  }
}

/** BIRD 2: its pod CIDR is a static blackhole route that it announces. */
export class BirdNode extends RouterNode {
  async start(): Promise<void> {
    await this.write('bird.conf', this.#config())
    this.launch('bird', ['-f', '-c', this.file('bird.conf'), '-s', this.file('bird.ctl')])
    await until(`${this.options.name} answers`, () => this.birdc('show', 'status'))
  }

  birdc(...args: readonly string[]): Promise<string> {
    return this.namespace.run('birdc', ['-s', this.file('bird.ctl'), ...args])
  }

  #config(): string {
    const { address, asNumber, podCidr, peers, holdTimeSec, gracefulRestart = 'on' } = this.options
    const protocols = peers.map(
      (peer) => `protocol bgp ${peer.name.replaceAll('-', '_')} {
  local ${address} as ${asNumber};
  neighbor ${peer.address} as ${peer.asNumber};
  ${peer.passive === true ? 'passive;' : ''}
  hold time ${holdTimeSec};
  connect delay time 1; connect retry time 2; error wait time 1, 2;
  graceful restart ${gracefulRestart};
  ipv4 { import all; export filter { if proto = "pods" then accept; reject; }; next hop self; };
}`,
    )
    return `router id ${address};
protocol device { scan time 1; }
protocol static pods { ipv4; route ${podCidr} blackhole; }
protocol kernel { ipv4 { import none; export where source = RTS_BGP || proto = "pods"; }; }
${protocols.join('\n')}
`
  }
}

/** FRR: zebra programs the kernel, bgpd speaks; its pod CIDR is a static route to Null0 that zebra knows and bgpd announces. */
export class FrrNode extends RouterNode {
  async start(): Promise<void> {
    await this.write('zebra.conf', `ip route ${this.options.podCidr} Null0\n`)
    await this.write('bgpd.conf', this.#config())
    // The daemons drop to their own user, as the package sets them up.
    await execa('chown', ['-R', 'frr:frr', this.options.directory])
    await chmod(path.dirname(this.options.directory), 0o755)
    const common = ['-z', this.file('zserv'), '--vty_socket', this.options.directory, '-A', '127.0.0.1']
    this.launch('/usr/lib/frr/zebra', [...common, '-f', this.file('zebra.conf'), '-i', this.file('zebra.pid')])
    await until('zebra answers', () => this.vtysh('show interface brief'))
    this.launch('/usr/lib/frr/bgpd', [...common, '-f', this.file('bgpd.conf'), '-i', this.file('bgpd.pid')])
    await until('bgpd answers', () => this.vtysh('show bgp summary'))
  }

  vtysh(command: string): Promise<string> {
    return this.namespace.run('vtysh', ['--vty_socket', this.options.directory, '-c', command])
  }

  #config(): string {
    const { address, asNumber, podCidr, peers, holdTimeSec } = this.options
    const lines = [`router bgp ${asNumber}`, ` bgp router-id ${address}`, ' no bgp ebgp-requires-policy', ' no bgp network import-check']
    for (const peer of peers) {
      lines.push(` neighbor ${peer.address} remote-as ${peer.asNumber}`)
      lines.push(` neighbor ${peer.address} timers ${Math.floor(holdTimeSec / 3)} ${holdTimeSec}`)
      lines.push(` neighbor ${peer.address} timers connect 2`)
      lines.push(` neighbor ${peer.address} advertisement-interval 0`)
      if (peer.passive === true) lines.push(` neighbor ${peer.address} passive`)
    }
    lines.push(' address-family ipv4 unicast', `  network ${podCidr}`)
    for (const peer of peers) lines.push(`  neighbor ${peer.address} route-map own out`)
    lines.push(
      ' exit-address-family',
      'exit',
      `ip prefix-list own permit ${podCidr}`,
      'route-map own permit 10',
      ' match ip address prefix-list own',
      'exit',
    )
    return `${lines.join('\n')}\n`
  }
}
