import { foreignPrefixes, type InteropSession, InteropSpeaker } from './interop-speaker.ts'
import { until } from './until.ts'

const family = (name: string) => `
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${name}"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
    [neighbors.afi-safis.add-paths.config]
      receive = true
`

/** GoBGP 3: routes of its own are told it at run time. */
export class Gobgp extends InteropSpeaker {
  async start({ asNumber, password }: InteropSession, again: boolean): Promise<void> {
    const config = `[global.config]
  as = ${asNumber}
  router-id = "10.99.0.2"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.99.0.1"
    peer-as = 65001
    auth-password = "${password}"
  [neighbors.transport.config]
    local-address = "10.99.0.2"
  [neighbors.timers.config]
    hold-time = 9
    keepalive-interval = 3
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 60
${family('ipv4-unicast')}${family('ipv6-unicast')}`
    const file = await this.write('gobgp.toml', config)
    this.launch('gobgpd', '-t', 'toml', '-f', file, '--api-hosts', '127.0.0.1:50051', ...(again ? ['-r'] : []))
    await until('gobgpd answers', () => this.#gobgp('neighbor'))
    const [ipv4, ipv6] = foreignPrefixes
    await this.#gobgp('global', 'rib', 'add', ipv4)
    await this.#gobgp('global', 'rib', 'add', '-a', 'ipv6', ipv6, 'nexthop', 'fd99::2')
  }

  async about(prefix: string): Promise<string> {
    const text = await this.#gobgp('global', 'rib', '-a', prefix.includes(':') ? 'ipv6' : 'ipv4', prefix, '-j').catch(() => '')
    return text.startsWith('{') || text.startsWith('[') ? text : ''
  }

  refresh(): Promise<string> {
    return this.#gobgp('neighbor', '10.99.0.1', 'softresetin')
  }

  #gobgp(...args: readonly string[]): Promise<string> {
    return this.namespace.run('gobgp', args)
  }
}
