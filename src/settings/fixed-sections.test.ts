import t from 'tap'
import { fixedSectionsThatDiffer } from './fixed-sections.ts'
import { config } from './fixture.ts'

const table: [title: string, after: string, expected: readonly string[]][] = [
  ['nothing', '', []],
  ['what is the default anyway', 'bgp: {enabled: true}', []],
  [
    'what is taken live',
    '{node: {podCidrs: [10.0.0.0/24]}, bgp: {asNumber: 1, listenPort: 1, routerId: 1.1.1.1, peers: [{name: a, address: 10.0.0.1, asNumber: 1}]}, log: {level: warn}}',
    [],
  ],
  ['BGP itself', 'bgp: {enabled: false}', ['bgp']],
  ['the node', 'node: {ipv4: 10.0.0.1/24}', ['node']],
  ['several', '{felix: {iptablesBackend: nft}, datastore: {path: /x}, api: {listen: "127.0.0.1:1"}}', ['felix', 'api', 'datastore']],
]
for (const [title, after, expected] of table)
  t.test(`what needs a restart: ${title}`, async (t) => t.strictSame(fixedSectionsThatDiffer(config(), config(after)), expected))
