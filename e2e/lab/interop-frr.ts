import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { foreignPrefixes, type InteropSession, InteropSpeaker } from './interop-speaker.ts'
import { until } from './until.ts'

/** FRR's bgpd, with bfdd and zebra beside it for BFD. */
export class Frr extends InteropSpeaker {
  async start({ asNumber, password }: InteropSession, again: boolean): Promise<void> {
    const [ipv4, ipv6] = foreignPrefixes
    const config = `router bgp ${asNumber}
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
 timers bgp 3 9
 neighbor 10.99.0.1 remote-as 65001
 neighbor 10.99.0.1 password ${password}
 neighbor 10.99.0.1 timers connect 1
 neighbor 10.99.0.1 advertisement-interval 0
 neighbor 10.99.0.1 bfd
 address-family ipv4 unicast
  network ${ipv4}
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.99.0.1 activate
  neighbor 10.99.0.1 route-map v6 out
  network ${ipv6}
 exit-address-family
!
route-map v6 permit 10
 set ipv6 next-hop global fd99::2
!
`
    // The daemons drop to their own user, as the package sets them up.
    await chmod(path.dirname(this.directory), 0o755)
    const common = ['-A', '127.0.0.1', '-z', this.file('zserv'), '--vty_socket', this.directory]
    const files = { zebra: '', bfdd: 'bfd\n peer 10.99.0.1\n  detect-multiplier 5\n !\n!\n', bgpd: config }
    for (const [daemon, text] of Object.entries(files)) {
      const file = await this.write(`${daemon}.conf`, text)
      await execa('chown', ['-R', 'frr:frr', this.directory])
      if (again && daemon !== 'bgpd') continue
      const more = daemon === 'bfdd' ? ['--bfdctl', this.file('bfdd.sock')] : []
      this.launch(`/usr/lib/frr/${daemon}`, ...common, ...more, '-f', file, '-i', this.file(`${daemon}.pid`))
      await until(`${daemon} answers`, () => this.#vtysh(daemon === 'bgpd' ? 'show bgp summary' : 'show version'))
    }
  }

  async about(prefix: string): Promise<string> {
    const family = prefix.includes(':') ? 'ipv6' : 'ipv4'
    const text = await this.#vtysh(`show bgp ${family} unicast ${prefix} json`)
    return text.includes('"valid":true') ? text : ''
  }

  refresh(): Promise<string> {
    return this.#vtysh('clear bgp 10.99.0.1 soft in')
  }

  #vtysh(command: string): Promise<string> {
    return this.namespace.run('vtysh', ['--vty_socket', this.directory, '-c', command])
  }
}
