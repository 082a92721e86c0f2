/** What is probed between every two ends, in words: "tcp 80 8080, icmp 8, icmp6 128, other 253". */
import type { Family, Service } from '../lab/conformance-packet.ts'

/** Both families' echo request, and of each transport protocol with ports at least one that policies name and one that they do not. */
export const usualServices = 'tcp 80 8080, udp 53 8080, sctp 3868, icmp 8, icmp6 128'

/** @throws on a word that is none */
export function readServices(text: string): readonly Service[] {
  return text.split(',').flatMap((part) => {
    const [protocol = '', ...numbers] = part.trim().split(' ')
    return numbers.map(Number).map((number): Service => {
      switch (protocol) {
        case 'tcp':
        case 'udp':
        case 'sctp':
        case 'udplite':
          return { protocol, port: number }
        case 'icmp':
        case 'icmp6':
          return { protocol, icmpType: number }
        case 'other':
          return { protocol, number }
        default:
          throw new Error(`"${protocol}" is no protocol, in "${text}"`)
      }
    })
  })
}

/** ICMP is of one family, everything else of both. */
export function familiesOf({ protocol }: Service): readonly Family[] {
  if (protocol === 'icmp') return [4]
  return protocol === 'icmp6' ? [6] : [4, 6]
}
