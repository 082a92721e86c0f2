import { readFileSync } from 'node:fs'
import t from 'tap'
import { kernelHasIpv6 } from './kernel-ipv6.ts'

t.test('a kernel that lists its IPv6 protocols speaks it', async (t) => {
  const speaks = readFileSync('/proc/net/protocols', 'utf8').includes('\nUDPv6 ')
  t.equal(await kernelHasIpv6(), speaks)
})
