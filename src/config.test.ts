import fc from 'fast-check'
import t from 'tap'
import type { Environment } from './config/environment.ts'
import { type Config, type ConfigProblem, configReference, formatConfigProblem, loadConfig } from './config.ts'

const load = (text: string, environment: Environment = {}) => loadConfig(text, 'tortie.yaml', environment)

/** One line per problem, as a user sees them. */
const told = (text: string, environment: Environment = {}) => (load(text, environment).problems ?? []).map(formatConfigProblem)

const defaults = {
  node: { podCidrs: [] },
  bgp: {
    enabled: true,
    multipath: { ebgp: 16, ibgp: 16, relaxAsPath: true },
    preferExisting: false,
    resolveViaDefault: false,
    requireEbgpPolicy: false,
    aggregates: [],
    peers: [],
    listenRanges: [],
  },
  felix: { enabled: true, routeProtocol: 116, flowLog: { enabled: true, group: 116, perSecond: 100, flows: 4096 } },
  api: { socket: '/run/tortie/api.sock' },
  datastore: { type: 'embedded', path: '/var/lib/tortie' },
  log: {},
}
const sessionDefaults = {
  routeReflectorClient: false,
  holdTimeSec: 90,
  longLivedStaleSec: 0,
  maxPrefixes: 0,
  replaceAs: false,
  allowLocalAs: 0,
  removePrivateAs: false,
  enforceFirstAs: true,
  allowAsSet: false,
  nextHop: 'auto',
  requireRole: false,
  acceptBlackhole: false,
}
const peerDefaults = { port: 179, passive: false, ...sessionDefaults }

t.test('nothing configured is every default', async (t) => {
  for (const text of ['', '# only a comment\n', '---\n', '{}']) t.strictSame(load(text), { config: defaults })
})

const example = `
node:
  name: node-a
  ipv4: 10.99.0.1/24
  ipv6: FD99::1/64
  podCidrs: [10.244.1.0/24, 'FD00:1::/64']
bgp:
  enabled: true
  asNumber: '1.10'
  routerId: 10.99.0.1
  clusterId: 10.99.0.1
  listenAddresses: [0.0.0.0]
  listenPort: 1790
  multipath: { ebgp: 4, ibgp: 1, relaxAsPath: false }
  preferExisting: true
  resolveViaDefault: true
  requireEbgpPolicy: true
  aggregates: [10.244.0.0/22]
  peers:
    - name: tor1
      address: 10.99.0.2
      asNumber: 65002
      port: 1179
      passive: true
      families: [ipv4-unicast, ipv6-unicast]
      multihop: 10
      sourceAddress: any
      shutdown: moved to tor2
      extendedNextHop: false
      maxPrefixesWarnPercent: 90
      maxPrefixesRestartSec: 60
      routeReflectorClient: true
      holdTimeSec: 9
      restartTimeSec: 300
      longLivedStaleSec: 86400
      maxPrefixes: 1000
      password: secret
      import: none
      export: tor.out
      localAs: '1.1'
      replaceAs: true
      allowLocalAs: 2
      removePrivateAs: true
      enforceFirstAs: false
      allowAsSet: true
      nextHop: keep
      role: rs-client
      requireRole: true
      acceptBlackhole: true
    - { name: tor2, address: 'FD99::2', asNumber: 64512 }
    - { name: tor3, address: 'FE80::3%eth0', asNumber: 64512, ttlSecurity: 1 }
  listenRanges:
    - { name: nodes, prefix: 10.99.1.0/24, asNumbers: [internal, '1.1'], limit: 7, password: secret }
  secretsPath: /run/secrets
felix: { enabled: false, interfacePrefix: cali, routeProtocol: 117, iptablesBackend: nft }
api:
  socket: /tmp/api.sock
  listen: 0.0.0.0:9099
  tls: { certFile: cert.pem, keyFile: key.pem, clientCaFile: ca.pem }
  tokenFile: token
datastore: { type: embedded, path: /data, endpoints: [http://127.0.0.1:2379] }
log: { level: debug }
`
t.test('INTERFACE §2: every option is taken, addresses in their one form', async (t) => {
  t.strictSame(load(example), {
    config: {
      node: {
        name: 'node-a',
        ipv4: { address: '10.99.0.1', subnet: '10.99.0.0/24', length: 24 },
        ipv6: { address: 'fd99::1', subnet: 'fd99::/64', length: 64 },
        podCidrs: ['10.244.1.0/24', 'fd00:1::/64'],
      },
      bgp: {
        enabled: true,
        asNumber: 65_546,
        routerId: '10.99.0.1',
        clusterId: '10.99.0.1',
        listenAddresses: ['0.0.0.0'],
        listenPort: 1790,
        multipath: { ebgp: 4, ibgp: 1, relaxAsPath: false },
        preferExisting: true,
        resolveViaDefault: true,
        requireEbgpPolicy: true,
        aggregates: ['10.244.0.0/22'],
        peers: [
          {
            name: 'tor1',
            address: '10.99.0.2',
            asNumber: 65_002,
            port: 1179,
            passive: true,
            families: ['ipv4-unicast', 'ipv6-unicast'],
            multihop: 10,
            sourceAddress: 'any',
            shutdown: 'moved to tor2',
            extendedNextHop: false,
            maxPrefixesWarnPercent: 90,
            maxPrefixesRestartSec: 60,
            routeReflectorClient: true,
            holdTimeSec: 9,
            restartTimeSec: 300,
            longLivedStaleSec: 86_400,
            maxPrefixes: 1000,
            password: 'secret',
            import: 'none',
            export: 'tor.out',
            localAs: 65_537,
            replaceAs: true,
            allowLocalAs: 2,
            removePrivateAs: true,
            enforceFirstAs: false,
            allowAsSet: true,
            nextHop: 'keep',
            role: 'rs-client',
            requireRole: true,
            acceptBlackhole: true,
          },
          { name: 'tor2', address: 'fd99::2', asNumber: 64_512, ...peerDefaults },
          { name: 'tor3', address: 'fe80::3%eth0', asNumber: 64_512, ttlSecurity: 1, ...peerDefaults },
        ],
        listenRanges: [
          { name: 'nodes', prefix: '10.99.1.0/24', asNumbers: ['internal', 65_537], limit: 7, password: 'secret', ...sessionDefaults },
        ],
        secretsPath: '/run/secrets',
      },
      felix: {
        enabled: false,
        interfacePrefix: 'cali',
        routeProtocol: 117,
        iptablesBackend: 'nft',
        flowLog: { enabled: true, group: 116, perSecond: 100, flows: 4096 },
      },
      api: {
        socket: '/tmp/api.sock',
        listen: { address: '0.0.0.0', port: 9099 },
        tls: { certFile: 'cert.pem', keyFile: 'key.pem', clientCaFile: 'ca.pem' },
        tokenFile: 'token',
      },
      datastore: { type: 'embedded', path: '/data', endpoints: ['http://127.0.0.1:2379'] },
      log: { level: 'debug' },
    },
  })
})

const wrong = `node:
  name: Node_A
  ipv4: 10.99.0.1
  podCidrs: [10.244.1.1/24]
bgp:
  asNumber: 0
  listenport: 179
  listenPort: 70000
  peers:
    - name: tor1
      address: 224.0.0.5
      asNumber: 65002
      holdTimeSec: 2
      multihop: 3
      ttlSecurity: 255
      password: ${'x'.repeat(81)}
      passwordFile: /etc/key
    - name: tor1
      address: 10.99.0.2
      asNumber: 65002
      import: local
      replaceAs: true
      requireRole: true
      families: [ipv4]
    - name: tor3
      address: 10.99.0.2
      port: 179
felix:
  interfacePrefix: "tort+"
  routeProtocol: 12
api:
  listen: 192.0.2.1:9099
  tls: { certFile: a }
datastore:
  type: etcd
log:
  level: verbose
`
t.test('INTERFACE §2: all problems at once, each with its path and line', async (t) => {
  t.strictSame(told(wrong), [
    'tortie.yaml:2: node.name: must be a DNS-1123 subdomain: at most 253 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit (is "Node_A")',
    'tortie.yaml:3: node.ipv4: must be an IPv4 address with its prefix length, as in 10.99.0.1/24 (is "10.99.0.1")',
    'tortie.yaml:4: node.podCidrs[0]: must be a CIDR whose host bits are zero (is "10.244.1.1/24")',
    'tortie.yaml:6: bgp.asNumber: must be an AS number 1 to 4294967295, or "high.low" with both at most 65535 (is 0)',
    'tortie.yaml:7: bgp.listenport: unknown field, did you mean "listenPort"?',
    'tortie.yaml:8: bgp.listenPort: must be <= 65535 (is 70000)',
    'tortie.yaml:11: bgp.peers[0].address: must be an IPv4 or IPv6 unicast address; a link-local one with its link, as in fe80::1%eth0 (is "224.0.0.5")',
    'tortie.yaml:13: bgp.peers[0].holdTimeSec: must be 0 or 3 to 65535 (is 2)',
    'tortie.yaml:14: bgp.peers[0].multihop: excludes ttlSecurity',
    'tortie.yaml:15: bgp.peers[0].ttlSecurity: must be <= 254 (is 255)',
    'tortie.yaml:16: bgp.peers[0].password: must be 1 to 80 bytes',
    'tortie.yaml:17: bgp.peers[0].passwordFile: excludes password',
    'tortie.yaml:18: bgp.peers[1].name: bgp.peers[0] has this name already',
    'tortie.yaml:21: bgp.peers[1].import: must be all, none or the name of a BGPFilter (is "local")',
    'tortie.yaml:22: bgp.peers[1].replaceAs: needs localAs',
    'tortie.yaml:23: bgp.peers[1].requireRole: needs role',
    'tortie.yaml:24: bgp.peers[1].families[0]: must be ipv4-unicast or ipv6-unicast (is "ipv4")',
    'tortie.yaml:25: bgp.peers[2].asNumber: is required',
    'tortie.yaml:26: bgp.peers[2].address: bgp.peers[1] has this address already',
    'tortie.yaml:29: felix.interfacePrefix: must be 1 to 12 of A-Z, a-z, 0-9, "_" and "-" (is "tort+")',
    'tortie.yaml:30: felix.routeProtocol: 12 is used by bird: its routes would be taken for ours (is 12)',
    'tortie.yaml:32: api.listen: 192.0.2.1 is not a loopback address: that needs tokenFile or tls.clientCaFile (is "192.0.2.1:9099")',
    'tortie.yaml:33: api.tls.keyFile: is required',
    'tortie.yaml:35: datastore.type: etcd is not supported yet: use embedded (is "etcd")',
    'tortie.yaml:37: log.level: must be trace or debug or info or warn or error or fatal or silent (is "verbose")',
  ])
})

const files: [title: string, text: string, problems: readonly string[]][] = [
  ['broken YAML', 'bgp:\n\tenabled: true', ['tortie.yaml:2: Tabs are not allowed as indentation: indent with spaces']],
  ['a key twice', 'bgp:\n  listenPort: 1\n  listenPort: 2', ['tortie.yaml:3: bgp.listenPort: this key is there twice']],
  ['two documents', 'bgp: {}\n---\nbgp: {}', ['tortie.yaml:3: must be one document: here a second one begins']],
  ['a text', 'bgp', ['tortie.yaml:1: must be an object (is "bgp")']],
  ['a list', '- bgp', ['tortie.yaml:1: must be an object']],
  ['a group without value', 'node: {}\nbgp:\n', ['tortie.yaml:2: bgp: has no value (null): give it one or leave the field out']],
  ['an unknown group', 'gbp: {}', ['tortie.yaml:1: gbp: unknown field, did you mean "bgp"?']],
  ['a prototype', '__proto__: {}', ['tortie.yaml:1: __proto__: unknown field']],
  ['64 levels', '['.repeat(64), ['tortie.yaml:1: is nested deeper than 16 levels']],
  ['2 MB', `# ${'x'.repeat(2_000_000)}`, ['tortie.yaml: is larger than 1048576 bytes']],
]
for (const [title, text, problems] of files) t.test(`refused: ${title}`, async (t) => t.strictSame(told(text), problems))

const listens: [listen: string, rest: string, problem: string | undefined][] = [
  ['127.0.0.1:9099', '', undefined],
  ['127.8.0.1:1', '', undefined],
  ['"[::1]:9099"', '', undefined],
  ['localhost:9099', '', undefined],
  ['10.0.0.1:9099', '', '10.0.0.1 is not a loopback address: that needs tls and tokenFile or tls.clientCaFile'],
  ['10.0.0.1:9099', ', tokenFile: t', '10.0.0.1 is not a loopback address: that needs tls'],
  ['10.0.0.1:9099', ', tls: {certFile: a, keyFile: b}', '10.0.0.1 is not a loopback address: that needs tokenFile or tls.clientCaFile'],
  ['10.0.0.1:9099', ', tls: {certFile: a, keyFile: b}, tokenFile: t', undefined],
  ['"[::]:9099"', ', tls: {certFile: a, keyFile: b, clientCaFile: c}', undefined],
  ['"9099"', '', 'must be ADDRESS:PORT, as in 127.0.0.1:9099 or [::1]:9099'],
  ['"::1:9099"', '', 'must be ADDRESS:PORT, as in 127.0.0.1:9099 or [::1]:9099'],
  ['127.0.0.1:0', '', 'must be ADDRESS:PORT, as in 127.0.0.1:9099 or [::1]:9099'],
]
for (const [listen, rest, problem] of listens) {
  t.test(`INTERFACE §2: api.listen ${listen}${rest} is ${problem === undefined ? 'taken' : 'refused'}`, async (t) =>
    t.strictSame(
      load(`api: {listen: ${listen}${rest}}`).problems?.map(({ reason }) => reason),
      problem === undefined ? undefined : [problem],
    ),
  )
}

t.test('protocols of the kernel and of other daemons are refused for our routes', async (t) => {
  for (const number of [0, 2, 3, 4, 11, 12, 16, 80, 186, 256]) t.ok(load(`felix: {routeProtocol: ${number}}`).problems, String(number))
  for (const number of [5, 116, 255]) t.equal(load(`felix: {routeProtocol: ${number}}`).config?.felix.routeProtocol, number)
})

t.test('a link-local peer has its link, no other has one; two links may have peers of the same address', async (t) => {
  const peer = (name: string, address: string) => `{name: ${name}, address: "${address}", asNumber: 1}`
  t.equal(load(`bgp: {peers: [${peer('a', 'fe80::1%eth0')}, ${peer('b', 'fe80::1%eth1')}]}`).problems, undefined)
  for (const address of ['fe80::1', 'fd00::1%eth0', '10.0.0.1%eth0', 'fe80::1%'])
    t.strictSame(
      load(`bgp: {peers: [${peer('a', address)}]}`).problems?.map(({ path }) => path),
      ['bgp.peers[0].address'],
      address,
    )
})

t.test("our end of a session is of the peer's family", async (t) => {
  const peer = (address: string, source: string) =>
    load(`bgp: {peers: [{name: a, address: "${address}", asNumber: 1, sourceAddress: "${source}"}]}`)
  for (const [address, source] of [
    ['10.0.0.1', '10.0.0.2'],
    ['fd00::1', 'fd00::2'],
    ['fe80::1%eth0', 'fd00::2'],
    ['fd00::1', 'any'],
  ] as const)
    t.equal(peer(address, source).problems, undefined, `${address} from ${source}`)
  for (const [address, source] of [
    ['10.0.0.1', 'fd00::2'],
    ['fe80::1%eth0', '10.0.0.2'],
  ] as const)
    t.match(peer(address, source).problems, [{ path: 'bgp.peers[0].sourceAddress', reason: 'must be of the same family as address' }])
})

t.test('what says something of maxPrefixes needs it', async (t) => {
  const peer = (rest: string) => load(`bgp: {peers: [{name: a, address: 10.0.0.1, asNumber: 1, ${rest}}]}`)
  for (const field of ['maxPrefixesRestartSec', 'maxPrefixesWarnPercent']) {
    t.equal(peer(`maxPrefixes: 5, ${field}: 60`).problems, undefined, field)
    for (const rest of ['', 'maxPrefixes: 0, '])
      t.match(peer(`${rest}${field}: 60`).problems, [{ path: `bgp.peers[0].${field}`, reason: 'needs maxPrefixes' }], `${rest}${field}`)
  }
})

t.test('a range shares neither its name, with peers too, nor its prefix', async (t) => {
  const range = (name: string, prefix: string) => `{name: ${name}, prefix: ${prefix}, asNumbers: [external]}`
  const peers = '[{name: p, address: 10.0.0.1, asNumber: 1}]'
  t.equal(load(`bgp: {peers: ${peers}, listenRanges: [${range('a', '10.0.0.0/8')}, ${range('b', '10.0.0.0/16')}]}`).problems, undefined)
  t.strictSame(
    told(`bgp: {peers: ${peers}, listenRanges: [${range('a', '10.0.0.0/8')}, ${range('a', '10.0.0.0/8')}, ${range('p', '::/0')}]}`),
    [
      'tortie.yaml:1: bgp.listenRanges[1].name: bgp.listenRanges[0] has this name already',
      'tortie.yaml:1: bgp.listenRanges[1].prefix: bgp.listenRanges[0] has this prefix already',
      'tortie.yaml:1: bgp.listenRanges[2].name: bgp.peers[0] has this name already',
    ],
  )
})

t.test('two peers never share an address, whatever their ports and however it is written', async (t) => {
  const peer = (name: string, address: string, port: number) => `{name: ${name}, address: "${address}", asNumber: 1, port: ${port}}`
  t.equal(load(`bgp: {peers: [${peer('a', 'fd00::1', 179)}, ${peer('b', 'fd00::2', 179)}]}`).problems, undefined)
  t.strictSame(told(`bgp: {peers: [${peer('a', 'fd00::1', 179)}, ${peer('b', 'FD00:0::1', 180)}]}`), [
    'tortie.yaml:1: bgp.peers[1].address: bgp.peers[0] has this address already',
  ])
})

const overrides: [variable: string, value: string, of: (config: Config) => unknown, expected: unknown][] = [
  ['TORTIE_BGP_LISTENPORT', '1790', ({ bgp }) => bgp.listenPort, 1790],
  ['TORTIE_BGP_ASNUMBER', '1.10', ({ bgp }) => bgp.asNumber, 65_546],
  ['TORTIE_BGP_ENABLED', 'false', ({ bgp }) => bgp.enabled, false],
  ['TORTIE_NODE_NAME', '123', ({ node }) => node.name, '123'],
  ['TORTIE_NODE_PODCIDRS', '10.0.0.0/24, 10.0.1.0/24', ({ node }) => node.podCidrs, ['10.0.0.0/24', '10.0.1.0/24']],
  ['TORTIE_NODE_PODCIDRS', '[10.0.0.0/24]', ({ node }) => node.podCidrs, ['10.0.0.0/24']],
  [
    'TORTIE_BGP_PEERS',
    '[{name: a, address: 10.0.0.1, asNumber: 1}]',
    ({ bgp }) => bgp.peers,
    [{ name: 'a', address: '10.0.0.1', asNumber: 1, ...peerDefaults }],
  ],
  ['TORTIE_API_TLS_CERTFILE', '/c', ({ api }) => api.tls, { certFile: '/c', keyFile: '/k' }],
  ['TORTIE_LOG_LEVEL', 'warn', ({ log }) => log.level, 'warn'],
  ['TORTIE_LOG_LEVEL', '', ({ log }) => log.level, 'error'],
]
for (const [variable, value, of, expected] of overrides) {
  t.test(`INTERFACE §2: ${variable}="${value}" overrides the file`, async (t) => {
    const { config, problems } = load('api: {tls: {certFile: /x, keyFile: /k}}\nlog: {level: error}\nbgp: {listenPort: 1}', {
      [variable]: value,
    })
    t.strictSame(config === undefined ? problems : of(config), expected)
  })
}

t.test('a mistake in a variable is told by the name of the variable', async (t) => {
  const environment = {
    TORTIE_BGP_LISTENPORT: '70000',
    TORTIE_BGP_ENABLED: 'maybe',
    TORTIE_NODE_PODCIDRS: '10.0.0.0/24,x',
    TORTIE_BGP_LISTENPROT: '1',
    TORTIE_BGP_PEERS: '[{name: a',
    TORTIE_API_SERVICE_HOST: '10.0.0.1', // Kubernetes sets these for a Service "tortie-api"
    TORTIE_API_PORT_9099_TCP_ADDR: '10.0.0.1',
    TORTIE_SOMETHING: 'else',
  }
  t.strictSame(told('bgp: {listenPort: 1}', environment), [
    'TORTIE_NODE_PODCIDRS: node.podCidrs[1]: must be a CIDR whose host bits are zero (is "x")',
    'TORTIE_BGP_ENABLED: bgp.enabled: must be true or false (is "maybe")',
    'TORTIE_BGP_LISTENPORT: bgp.listenPort: must be <= 65535 (is 70000)',
    'TORTIE_BGP_LISTENPROT: sets no option, did you mean "TORTIE_BGP_LISTENPORT"?',
    'TORTIE_BGP_PEERS: bgp.peers: Flow map in block collection must be sufficiently indented and end with a }: see to the indentation: fields of one object stand exactly below each other',
  ])
})

t.test('mistakes of the file and of variables are told together', async (t) => {
  t.strictSame(told('log: {level: x}\n', { TORTIE_FELIX_ENABLED: '1' }), [
    'TORTIE_FELIX_ENABLED: felix.enabled: must be true or false (is 1)',
    'tortie.yaml:1: log.level: must be trace or debug or info or warn or error or fatal or silent (is "x")',
  ])
})

t.test('a problem is a value with all its parts', async (t) => {
  const expected: ConfigProblem[] = [{ file: 'tortie.yaml', path: 'bgp.listenPort', reason: 'must be >= 1', value: 0, line: 2 }]
  t.strictSame(load('bgp:\n  listenPort: 0').problems, expected)
})

t.test('a password is never told', async (t) => {
  const { problems } = load(`bgp: {peers: [{name: a, address: 10.0.0.1, asNumber: 1, password: ${'geheim'.repeat(20)}}]}`)
  t.strictSame(problems, [{ file: 'tortie.yaml', path: 'bgp.peers[0].password', reason: 'must be 1 to 80 bytes', line: 1 }])
})

t.test('the reference has a row for every option, with default, unit and variable', async (t) => {
  const rows = configReference().split('\n')
  const expected = [
    "| `node.name` | the host name |  | this node's name in resources | `TORTIE_NODE_NAME` |",
    '| `bgp.listenPort` | BGPConfiguration, else `179` |  | TCP port to listen on | `TORTIE_BGP_LISTENPORT` |',
    '| `bgp.peers[].holdTimeSec` | `90` | seconds | proposed hold time: 0 (none) or 3 to 65535 |  |',
    '| `api.tls.keyFile` |  |  | private key, PEM | `TORTIE_API_TLS_KEYFILE` |',
  ]
  for (const row of expected) t.ok(rows.includes(row), row)
  t.notOk(rows.some((row) => row.includes('undefined')))
  t.ok(
    rows.slice(2, -1).every((row) => row.split('|')[4]?.trim() !== ''),
    'every option has a meaning',
  )
})

t.test('noise never throws: it has a config or problems', async () => {
  const words = [
    'bgp',
    'peers',
    'node',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    'name',
    'address',
    '10.0.0.1',
    'null',
    '1',
    '"',
    '*a',
    '&a ',
  ]
  const noise = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join('')),
  )
  const variables = fc.dictionary(fc.constantFrom('TORTIE_BGP_PEERS', 'TORTIE_NODE_PODCIDRS', 'TORTIE_LOG_LEVEL', 'TORTIE_BGP_X'), noise)
  fc.assert(
    fc.property(noise, variables, (text, environment) => {
      const { config, problems } = load(text, environment)
      return (config === undefined) === (problems !== undefined && problems.length > 0)
    }),
    { numRuns: 500 },
  )
})
