import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { foreignPrefixes, type InteropSession, InteropSpeaker } from './interop-speaker.ts'

/** ExaBGP 4 has no table: what it hears goes as JSON into a file, and what stands there last is what it knows. */
export class Exabgp extends InteropSpeaker {
  async start({ asNumber, password }: InteropSession): Promise<void> {
    const [ipv4, ipv6] = foreignPrefixes
    // its helper runs as nobody
    await writeFile(this.file('heard'), '')
    await chmod(this.file('heard'), 0o666)
    await writeFile(this.file('hear.sh'), `while read -r line; do echo "$line"; done >> ${this.file('heard')}\n`)
    for (const directory of [this.directory, path.dirname(this.directory)]) await chmod(directory, 0o755)
    const config = `process heard { run /bin/sh ${this.file('hear.sh')}; encoder json; }
neighbor 10.99.0.1 {
  router-id 10.99.0.2;
  local-address 10.99.0.2;
  local-as ${asNumber};
  peer-as 65001;
  hold-time 9;
  md5-password '${password}';
  capability { graceful-restart 60; route-refresh enable; add-path receive; }
  family { ipv4 unicast; ipv6 unicast; }
  static { route ${ipv4} next-hop 10.99.0.2; route ${ipv6} next-hop fd99::2; }
  api { processes [ heard ]; receive { parsed; update; } }
}
`
    const file = await this.write('exabgp.conf', config)
    this.launch('env', 'exabgp.daemon.drop=false', 'exabgp.tcp.once=false', 'exabgp', file)
  }

  async about(prefix: string): Promise<string> {
    const lines = (await readFile(this.file('heard'), 'utf8')).split('\n').filter((line) => line.includes(`"${prefix}"`))
    const last = lines.at(-1) ?? ''
    return last.includes('"announce"') ? lines.filter((line) => line.includes('"announce"')).join('\n') : ''
  }

  refresh(): Promise<string> {
    return Promise.reject(new Error('ExaBGP asks for no refresh by itself'))
  }
}
