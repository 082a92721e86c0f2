import { foreignPrefixes, type InteropSession, InteropSpeaker } from './interop-speaker.ts'
import { until } from './until.ts'

/** OpenBGPD's portable edition: to a neighbour on the link it announces its own IPv6 prefixes with the next hop ::1. */
export class Openbgpd extends InteropSpeaker {
  async start({ asNumber, password }: InteropSession): Promise<void> {
    const [ipv4, ipv6] = foreignPrefixes
    const config = `AS ${asNumber}
router-id 10.99.0.2
listen on 10.99.0.2
socket "${this.file('bgpd.sock')}"
fib-update no
holdtime 9
network ${ipv4}
network ${ipv6}
neighbor 10.99.0.1 {
  remote-as 65001
  local-address 10.99.0.2
  ${password === '' ? '' : `tcp md5sig password ${password}`}
  announce IPv4 unicast
  announce IPv6 unicast
  announce add-path recv yes
}
allow from any
allow to any
`
    const file = await this.write('bgpd.conf', config)
    await this.namespace.run('mkdir', ['-p', '/run/openbgpd'])
    this.launch('/usr/sbin/bgpd', '-d', '-f', file)
    await until('bgpd answers', () => this.#bgpctl('show', 'summary'))
  }

  async about(prefix: string): Promise<string> {
    const text = await this.#bgpctl('show', 'rib', 'detail', prefix).catch(() => '')
    return text
  }

  refresh(): Promise<string> {
    return this.#bgpctl('neighbor', '10.99.0.1', 'refresh')
  }

  #bgpctl(...args: readonly string[]): Promise<string> {
    return this.namespace.run('bgpctl', ['-s', this.file('bgpd.sock'), ...args])
  }
}
