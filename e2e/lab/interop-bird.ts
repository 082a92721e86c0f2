import { foreignPrefixes, type InteropSession, InteropSpeaker } from './interop-speaker.ts'
import { until } from './until.ts'

/** BIRD 2, with BFD. */
export class Bird extends InteropSpeaker {
  async start({ asNumber, password }: InteropSession): Promise<void> {
    const [ipv4, ipv6] = foreignPrefixes
    const config = `router id 10.99.0.2;
protocol device { scan time 1; }
protocol bfd { interface "*" { interval 300 ms; multiplier 5; }; }
protocol static own4 { ipv4; route ${ipv4} blackhole; }
protocol static own6 { ipv6; route ${ipv6} blackhole; }
protocol bgp tortie {
  local 10.99.0.2 as ${asNumber}; neighbor 10.99.0.1 as 65001; direct;
  password "${password}"; hold time 9; graceful restart on; bfd graceful;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 { import all; export where proto = "own4"; add paths on; };
  ipv6 { import all; export where proto = "own6"; add paths on; next hop address fd99::2; };
}
`
    const file = await this.write('bird.conf', config)
    this.launch('bird', '-f', '-c', file, '-s', this.file('bird.ctl'))
    await until('BIRD answers', () => this.#birdc('show', 'status'))
  }

  async about(prefix: string): Promise<string> {
    const text = await this.#birdc('show', 'route', prefix, 'all', 'protocol', 'tortie').catch(() => '')
    return text.includes('BGP.as_path') ? text : ''
  }

  refresh(): Promise<string> {
    return this.#birdc('reload', 'in', 'tortie')
  }

  #birdc(...args: readonly string[]): Promise<string> {
    return this.namespace.run('birdc', ['-s', this.file('bird.ctl'), ...args])
  }
}
