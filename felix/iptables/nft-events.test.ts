import fc from 'fast-check'
import t from 'tap'
import { cString, HEADER_LENGTH, putAttribute, putHeader, putU32 } from '../netlink/netlink-message.ts'
import { NftEventReader } from './nft-events.ts'

const NFPROTO = { inet: 1, 4: 2, 6: 10 } as const
const NEWTABLE = 0
const NEWCHAIN = 3
const DELCHAIN = 5
const NEWRULE = 6
const DELRULE = 8
const NEWSETELEM = 12
const NEWGEN = 15

/** A message as nf_tables sends it: the texts become attributes of these types. */
function message(type: number, family: keyof typeof NFPROTO, port: number, attributes: Readonly<Record<number, string>>): Uint8Array {
  const bytes = new Uint8Array(512)
  let end = HEADER_LENGTH + 4
  for (const [attribute, text] of Object.entries(attributes)) end = putAttribute(bytes, end, Number(attribute), cString(text))
  putHeader(bytes, 0, end, 0x0a00 | type, 0, 0)
  putU32(bytes, 12, port)
  bytes[HEADER_LENGTH] = NFPROTO[family]
  return bytes.subarray(0, end)
}
const chain = (name: string, table = 'filter') => message(NEWCHAIN, 4, 7, { 1: table, 3: name })
const rule = (type: number, name: string, family: 4 | 6 = 4) => message(type, family, 7, { 1: 'filter', 2: name })
const end = (port = 7) => message(NEWGEN, 4, port, { 3: 'iptables-nft' })

const read = (reader: NftEventReader, ...messages: Uint8Array[]) => {
  const bytes = Buffer.concat(messages)
  return reader.read(bytes, bytes.length).map(({ port, program, tables }) => ({
    port,
    program,
    tables: tables.map(({ family, table, names }) => [family, table, ...names]),
  }))
}

t.test('what a writer touched is put together by table, each name once, when the generation ends', async (t) => {
  const reader = new NftEventReader()
  t.strictSame(read(reader, chain('a'), rule(NEWRULE, 'a'), rule(DELRULE, 'b'), rule(NEWRULE, 'a', 6), end()), [
    {
      port: 7,
      program: 'iptables-nft',
      tables: [
        [4, 'filter', 'a', 'b'],
        [6, 'filter', 'a'],
      ],
    },
  ])
})

t.test('a transaction may go over several datagrams, and a datagram hold several', async (t) => {
  const reader = new NftEventReader()
  t.strictSame(read(reader, chain('a')), [])
  t.strictSame(
    read(reader, rule(DELRULE, 'b'), end(), chain('c'), end(8)).map(({ port, tables }) => [port, tables]),
    [
      [7, [[4, 'filter', 'a', 'b']]],
      [8, [[4, 'filter', 'c']]],
    ],
  )
})

t.test('elements of sets and maps count for their set', async (t) => {
  const elements = message(NEWSETELEM, 4, 7, { 1: 'tortie', 2: 'to-wl' })
  t.strictSame(read(new NftEventReader(), elements, end())[0]?.tables, [[4, 'tortie', 'to-wl']])
})

t.test('other families, other subsystems and tables alone say nothing about chains', async (t) => {
  const ipset = message(NEWRULE, 4, 7, { 1: 'filter', 2: 'a' })
  ipset[5] = 6
  const inet = message(DELCHAIN, 'inet', 7, { 1: 'filter', 3: 'a' })
  t.strictSame(read(new NftEventReader(), ipset, inet, message(NEWTABLE, 4, 7, { 1: 'filter' }), end())[0]?.tables, [])
})

t.test('after a loss what came before it is forgotten', async (t) => {
  const reader = new NftEventReader()
  read(reader, chain('a'))
  reader.reset()
  t.strictSame(read(reader, chain('b'), end())[0]?.tables, [[4, 'filter', 'b']])
})

t.test('never throws on noise, and whole transactions behind it are read', async () => {
  const noise = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(noise, fc.nat(6), (bytes, at) => {
      const reader = new NftEventReader()
      const damaged = Buffer.concat([chain('a'), rule(NEWRULE, 'a'), end()])
      damaged.set(bytes.subarray(0, damaged.length - at * 8), at * 8)
      reader.read(damaged, damaged.length)
      reader.read(bytes, bytes.length)
      reader.reset()
      return read(reader, chain('b'), end())[0]?.tables[0]?.[2] === 'b'
    }),
  )
})
