/**
 * A peer's words made safe to show wherever they end up: what is no UTF-8 becomes U+FFFD, control and format characters (escape
 * sequences, line ends, changes of direction) become spaces. Never longer than the octets it came in.
 */
export function printable(octets: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets)
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim()
}
