/** Capabilities (RFC 5492) in words, for people: those this speaker uses and those it only knows by IANA's name. Pure. */
import { roleName } from '../fsm/role-mismatch.ts'
import { familyOfAfiSafi } from '../wire/address-family.ts'
import type { AddPathFamily, Capability } from '../wire/message.ts'
import { printable } from '../wire/printable.ts'

/** IANA "Capability Codes", as of 2025. */
const names: Readonly<Record<number, string>> = {
  1: 'multiprotocol', // RFC 4760
  2: 'route-refresh', // RFC 2918
  3: 'outbound-route-filtering', // RFC 5291
  4: 'multiple-routes-to-destination', // RFC 3107, deprecated
  5: 'extended-next-hop', // RFC 8950
  6: 'extended-message', // RFC 8654
  7: 'bgpsec', // RFC 8205
  8: 'multiple-labels', // RFC 8277
  9: 'role', // RFC 9234
  64: 'graceful-restart', // RFC 4724
  65: 'four-octet-as', // RFC 6793
  67: 'dynamic-capability',
  68: 'multisession',
  69: 'add-path', // RFC 7911
  70: 'enhanced-route-refresh', // RFC 7313
  71: 'long-lived-graceful-restart', // RFC 9494
  72: 'routing-policy-distribution',
  73: 'fqdn',
  74: 'bfd',
  75: 'software-version',
  76: 'paths-limit',
  77: 'link-local-next-hop',
  128: 'route-refresh (prestandard)',
  129: 'outbound-route-filtering (prestandard)',
  130: 'outbound-route-filtering (prestandard)',
  131: 'multisession (prestandard)',
  184: 'fqdn (prestandard)',
  185: 'operational-message (prestandard)',
}

/** "multiprotocol ipv4-unicast", "fqdn tor1.example.net", "capability 200" where IANA has no name. */
export function capabilityName(capability: Capability): string {
  const { type } = capability
  if (type === 'multiprotocol') return `multiprotocol ${familyName(capability.afi, capability.safi)}`
  if (type === 'graceful-restart') return `graceful-restart ${capability.restartTimeSec}s${capability.restarting ? ' restarting' : ''}`
  if (type === 'extended-next-hop')
    return `extended-next-hop ${capability.encodings.map(({ afi, safi, nextHopAfi }) => `${familyName(afi, safi)}:ipv${nextHopAfi === 2 ? 6 : 4}`).join(' ')}`
  if (type === 'role') return `role ${roleName(capability.value)}`
  if (type === 'four-octet-as') return `four-octet-as ${capability.asNumber}`
  if (type === 'long-lived-graceful-restart')
    return `long-lived-graceful-restart ${Math.max(0, ...capability.families.map(({ staleSec }) => staleSec))}s`
  if (type === 'add-path') return ['add-path', ...capability.families.map(addPathText)].join(' ')
  if (type === 'unknown')
    return [names[capability.code] ?? `capability ${capability.code}`, ...valueText(capability.code, capability.data)].join(' ')
  return type
}

function familyName(afi: number, safi: number): string {
  return familyOfAfiSafi(afi, safi) ?? `${afi}/${safi}`
}

/** What a person wants to know of a value that this speaker does not act on; nothing where it is not of its form. */
function valueText(code: number, data: Uint8Array): readonly string[] {
  if (code === 73) return [texts(data, 2).join('.')].filter((text) => text !== '')
  if (code === 75) return texts(data, 1).slice(0, 1)
  return []
}

function addPathText({ afi, safi, receive, send }: AddPathFamily): string {
  return `${familyName(afi, safi)}:${receive && send ? 'both' : send ? 'send' : 'receive'}`
}

/** { length u8 | text }, at most so many; those that overrun are not there. */
function texts(data: Uint8Array, most: number): readonly string[] {
  const found: string[] = []
  for (let at = 0; at < data.length && found.length < most; ) {
    const end = at + 1 + (data[at] as number)
    if (end > data.length) break
    const text = printable(data.subarray(at + 1, end))
    if (text !== '') found.push(text)
    at = end
  }
  return found
}
