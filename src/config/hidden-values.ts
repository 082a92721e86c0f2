/** What a message about a mistake in the configuration leaves out, because it may be a secret. */

/** @param path of an option: a password, or what was written where a peer with its password belongs */
export function mayHoldSecret(path: string): boolean {
  return path.endsWith('.password') || /^bgp\.(peers|listenRanges)(\[\d+\])?$/.test(path)
}

/** @param reason of the YAML reader, which repeats what it met: a password that begins with "!" or "|" */
export function withoutSource(reason: string): string {
  if (/\btags?\b/i.test(reason)) return 'a text that begins with "!" has to be quoted: tags are not taken'
  return reason.replace(/\b(extra characters|escape sequence)\b[\s\S]*$/, '$1').replace(/: "[\s\S]*$/, '')
}
