/** No secret of a configuration comes out anywhere: not in mistakes, answers of the API, or log lines. */
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { Speaker } from '../bgp/speaker.ts'
import { peerConfigs, speakerOptions } from './bgp-options.ts'
import { formatConfigProblem, loadConfig } from './config.ts'
import { EventLog } from './event-log.ts'
import { makeToken } from './http/token.ts'
import { logTo } from './log.ts'
import { asn } from './net/asn.ts'
import { parseInterfaceAddress } from './net/prefix.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Text that is found again whatever surrounds it, also with what means something to YAML and JSON in front. */
const secret = fc
  .tuple(
    fc.constantFrom('', '!', '|', '>', '*', '&', '@', '%', '"', "'", '{', '[', '- ', ': ', '#'),
    fc.oneof(fc.stringMatching(/^[a-f]{12}$/), fc.stringMatching(/^[1-9]{12}$/)),
  )
  .map(([first, rest]) => ({ text: `${first}${rest}`, core: rest }))

const peer = (password: string) => ({ name: 'tor1', address: '127.0.0.9', asNumber: 65002, passive: true, password })

t.test('a configuration with a mistake: what is said about it holds no password', async () => {
  const layouts: ((password: string) => string)[] = [
    (password) => `bgp:\n  peers:\n    - {name: tor1, password: ${password}}\n`,
    (password) => `bgp:\n  peers:\n    - name: tor1\n      password: ${password}\n     x: 1\n`,
    (password) => `bgp:\n  peers: ${password}\n`,
    (password) => `bgp:\n  peers: [${password}]\n`,
    (password) => `bgp:\n  peers:\n    - password: ${password.repeat(9)}\n`,
    (password) => `bgp:\n  peers:\n    - password: {value: ${password}}\n`,
    (password) => `bgp:\n  peers:\n    - passwort: ${password}\n`,
    (password) => stringify({ bgp: { peers: { password } } }),
    (password) => stringify({ bgp: { peers: [{ ...peer(password), passwordFile: '/x' }] } }),
  ]
  fc.assert(
    fc.property(secret, fc.constantFrom(...layouts), fc.boolean(), ({ text, core }, layout, inVariable) => {
      const written = layout(text)
      const variable = { TORTIE_BGP_PEERS: written.slice(written.indexOf('peers:') + 'peers:'.length).trimEnd() }
      const { problems } = inVariable ? loadConfig('', 'f', variable) : loadConfig(written, 'f', {})
      return !(problems ?? []).map(formatConfigProblem).join().includes(core)
    }),
    { numRuns: 400 },
  )
})

t.test('a configuration that is taken: neither its display, the peers of the API nor a log line hold the password', async () => {
  const ipv4 = parseInterfaceAddress('127.0.0.1/8')
  if (ipv4 === undefined) throw new Error('127.0.0.1/8 is an address')
  const bgp = { asNumber: asn(64512), routerId: ipv4.address, listenAddresses: [], listenPort: 179 }
  fc.assert(
    fc.property(secret, ({ text, core }) => {
      const { config } = loadConfig(stringify({ bgp: { peers: [peer(text)] } }), 'f', {})
      if (config?.bgp.peers[0]?.password !== text) return false
      const lines: string[] = []
      const events = new EventLog()
      const { log } = logTo({ write: (line) => void lines.push(line) }, 'trace', events)
      const speaker = new Speaker(
        { ...speakerOptions(bgp, { ipv4 }), restarting: false },
        { log, nextHopMetric: () => 0, onBest() {}, onChange() {} },
      )
      const peers = peerConfigs(config, { ipv4 }, new Map(), 64_512)
      speaker.setPeers(peers)
      log.info({ config, peers, token: makeToken(core) }, 'all of it')
      const shown = JSON.stringify([withoutSecrets(config), speaker.peers(), speaker.problems(), lines, events.last(100)])
      return lines.length > 0 && peers[0]?.password === text && !shown.includes(core)
    }),
    { numRuns: 50 },
  )
})
