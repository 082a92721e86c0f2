import type { Family } from '../../src/net/address.ts'
import type { CountedTable } from '../iptables/rule-count-reader.ts'
import type { TableName } from '../kernel.ts'
import { eachAttribute, readText } from '../netlink/netlink-message.ts'
import type { RuleCount } from '../rule-counts.ts'
import { bigEndian, commentOf, type Range } from './attribute-reader.ts'
import { backToCaller } from './expressions.ts'
import { NftSocket } from './nft-socket.ts'
import { readChainNames, readRules } from './saved-table.ts'

const tableNames: readonly TableName[] = ['filter', 'nat', 'mangle', 'raw']
const COUNTER_OCTETS = 1
const COUNTER_PACKETS = 2

/** What the rules of our chains have counted, by the names of iptables. @throws Error where it cannot be read */
export async function readCounts(): Promise<readonly CountedTable[]> {
  const socket = await NftSocket.open()
  try {
    return [...(await readFamily(socket, 4)), ...(await readFamily(socket, 6))]
  } finally {
    socket.close()
  }
}

async function readFamily(socket: NftSocket, family: Family): Promise<readonly CountedTable[]> {
  const chains = new Map<string, readonly RuleCount[]>()
  for (const name of await readChainNames(socket, family)) {
    const rules = await readRules(socket, family, name, countOf)
    if (rules.length > 0) chains.set(name, rules)
  }
  return tableNames.flatMap((table): CountedTable[] => {
    const ours = [...chains].filter(([name]) => name.startsWith(`${table}-tort-`))
    if (ours.length === 0) return []
    return [{ family, table, chains: new Map(ours.map(([name, rules]) => [name.slice(table.length + 1), rules])) }]
  })
}

/** A rule has one counter, behind its matches. */
function countOf(bytes: Uint8Array, rule: ReadonlyMap<number, Range>): RuleCount {
  const [hash = '', note = ''] = /^([\w-]{16})(?: (.*))?$/s.exec(commentOf(bytes, rule.get(7)) ?? '')?.slice(1) ?? []
  const count = { packets: 0, octets: 0, hash, note, returns: false }
  const list = rule.get(4)
  if (list === undefined) return count
  eachAttribute(bytes, list.from, list.to, (_, from, to) => {
    const expression = nested(bytes, { from, to })
    const [name, data] = [expression.get(1), expression.get(2)]
    if (name === undefined || data === undefined) return
    const attributes = nested(bytes, data)
    const kind = readText(bytes, name.from, name.to)
    if (kind === 'counter') {
      count.packets = bigEndian(bytes, attributes.get(COUNTER_PACKETS))
      count.octets = bigEndian(bytes, attributes.get(COUNTER_OCTETS))
    }
    if (kind === 'immediate') count.returns = verdictCode(bytes, attributes.get(2)) === backToCaller.code
  })
  return count
}

function verdictCode(bytes: Uint8Array, data: Range | undefined): number | undefined {
  const verdict = data && nested(bytes, data).get(2)
  const code = verdict && nested(bytes, verdict).get(1)
  return code && bigEndian(bytes, code) | 0
}

function nested(bytes: Uint8Array, { from, to }: Range): ReadonlyMap<number, Range> {
  const ranges = new Map<number, Range>()
  eachAttribute(bytes, from, to, (type, start, end) => ranges.set(type, { from: start, to: end }))
  return ranges
}
