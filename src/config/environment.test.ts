import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { readEnvironment } from './environment.ts'
import { optionRows, variableOf } from './option-list.ts'

t.test('each option outside lists has a variable of its own', async (t) => {
  const variables = optionRows.flatMap(({ path }) => variableOf(path) ?? [])
  t.equal(new Set(variables).size, variables.length)
  t.equal(variableOf('bgp.listenPort'), 'TORTIE_BGP_LISTENPORT')
  t.equal(variableOf('api.tls.certFile'), 'TORTIE_API_TLS_CERTFILE')
  t.equal(variableOf('bgp.peers[].port'), undefined)
})

const table: [variable: string, text: string, expected: object][] = [
  ['TORTIE_NODE_NAME', '10', { overrides: [{ path: 'node.name', variable: 'TORTIE_NODE_NAME', value: '10' }], problems: [] }],
  ['TORTIE_BGP_ENABLED', 'true', { overrides: [{ path: 'bgp.enabled', variable: 'TORTIE_BGP_ENABLED', value: true }], problems: [] }],
  [
    'TORTIE_NODE_PODCIDRS',
    'a,b',
    { overrides: [{ path: 'node.podCidrs', variable: 'TORTIE_NODE_PODCIDRS', value: ['a', 'b'] }], problems: [] },
  ],
  ['TORTIE_BGP_PEERS', '[]', { overrides: [{ path: 'bgp.peers', variable: 'TORTIE_BGP_PEERS', value: [] }], problems: [] }],
  ['TORTIE_BGP_PEERS', '', { overrides: [], problems: [] }],
  [
    'TORTIE_BGP_PEERS',
    '# none',
    { overrides: [], problems: [{ path: 'bgp.peers', variable: 'TORTIE_BGP_PEERS', reason: 'must be one value' }] },
  ],
  [
    'TORTIE_BGP_PEER',
    'x',
    { overrides: [], problems: [{ path: '', variable: 'TORTIE_BGP_PEER', reason: 'sets no option, did you mean "TORTIE_BGP_PEERS"?' }] },
  ],
  ['TORTIE_SERVER', 'unix:/x', { overrides: [], problems: [] }],
  ['TORTIE_API_PORT', 'tcp://10.0.0.1:80', { overrides: [], problems: [] }],
  ['PATH', '/bin', { overrides: [], problems: [] }],
]
for (const [variable, text, expected] of table)
  t.test(`${variable}="${text}"`, async (t) => t.strictSame(readEnvironment({ [variable]: text }), expected))

t.test('what the variables set does not depend on their order', async () => {
  const names = fc.uniqueArray(fc.constantFrom(...optionRows.flatMap(({ path }) => variableOf(path) ?? [])), { minLength: 2 })
  fc.assert(
    fc.property(names, fc.constantFrom('1', 'x', '[a]', '{'), (variables, text) => {
      const inOrder = Object.fromEntries(variables.map((variable) => [variable, text]))
      const reversed = Object.fromEntries(variables.toReversed().map((variable) => [variable, text]))
      return isDeepStrictEqual(readEnvironment(inOrder), readEnvironment(reversed))
    }),
  )
})
