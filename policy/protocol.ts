import type { Family } from '../src/net/address.ts'

/** IANA protocol numbers by the names of the API, and the names iptables has for them without /etc/protocols. */
const numbers: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132, udplite: 136 }
const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]))

/** Protocols in whose rules port numbers may stand (resource reference §6.1 rule 4). */
export const protocolsWithPorts: ReadonlySet<number> = new Set([6, 17, 132])

/** The number a user means: a name in any case or digits, 1..255; undefined if it is none. */
export function readProtocol(text: string): number | undefined {
  const number = Object.hasOwn(numbers, text.toLowerCase())
    ? numbers[text.toLowerCase()]
    : /^\d{1,3}$/.test(text)
      ? Number(text)
      : undefined
  return number !== undefined && number >= 1 && number <= 255 ? number : undefined
}

/** @param protocol a name in any case, or a number. @throws Error on an unknown name, which the model refuses */
export function protocolNumber(protocol: string | number | undefined): number | undefined {
  if (protocol === undefined || typeof protocol === 'number') return protocol
  const number = numbers[protocol.toLowerCase()] ?? Number(protocol)
  if (Number.isInteger(number)) return number
  throw new Error(`unknown protocol ${JSON.stringify(protocol)}`)
}

export function kernelProtocol(number: number): string | number {
  return names.get(number) ?? number
}

export function icmpProtocol(family: Family): number {
  return family === 4 ? 1 : 58
}
