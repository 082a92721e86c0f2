import type { Family } from '../../src/net/address.ts'
import type { Action, Match, PortRange, Rule } from '../kernel.ts'

/** The kernel keeps 29 characters of a LOG prefix and refuses a longer one together with the whole table. */
const LOG_PREFIX_LENGTH = 29
/** xt_NFLOG keeps 64 octets with the closing zero. */
const NFLOG_PREFIX_LENGTH = 63
/** xt_comment holds 255; ours is "tortie:", the hash, a space and the human text. */
const COMMENT_LENGTH = 220

/**
 * What a rule matches and does as the arguments of iptables, after "-A CHAIN" and without comment.
 *
 * Match order is kept, because `-p` must stand before the matches that need it.
 */
export function ruleArguments(rule: Rule, family: Family): string[] {
  return [...rule.match.flatMap((match) => matchArguments(match, family)), ...actionArguments(rule.action)]
}

/** The same as one line of `iptables-restore` input. */
export function ruleText(rule: Rule, family: Family): string {
  return ruleArguments(rule, family).map(quote).join(' ')
}

/**
 * The same with a comment, which the kernel takes for a match like any other: behind the others, it costs a packet nothing that they
 * refuse.
 */
export function commentedText({ match, action }: Rule, family: Family, comment: string): string {
  const matches = match.flatMap((one) => matchArguments(one, family)).map(quote)
  return [...matches, commentText(comment), ...actionArguments(action).map(quote)].join(' ')
}

/** `-m comment --comment "…"`: one comment per rule, since nft-backed iptables keeps only one natively. */
export function commentText(comment: string): string {
  return `-m comment --comment ${quote(plainText(comment).slice(0, COMMENT_LENGTH))}`
}

/**
 * One argument in the quoting of `iptables-restore`, which knows double quotes and backslashes.
 *
 * @throws Error on control characters: a line break would begin a rule of its own, so none may ever come this far
 */
export function quote(argument: string): string {
  if (/^[\w./:,+!=@-]+$/.test(argument)) return argument
  if (/\p{Cc}/u.test(argument)) throw new Error(`iptables argument ${JSON.stringify(argument)} has a control character`)
  return `"${argument.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

function matchArguments(match: Match, family: Family): string[] {
  const not = 'negated' in match && match.negated ? ['!'] : []
  switch (match.type) {
    case 'in-interface':
      return [...not, '-i', match.name]
    case 'out-interface':
      return [...not, '-o', match.name]
    case 'protocol':
      return [...not, '-p', String(match.protocol)]
    case 'source-net':
      return [...not, '-s', match.net]
    case 'destination-net':
      return [...not, '-d', match.net]
    case 'source-set':
      return ['-m', 'set', ...not, '--match-set', match.set, match.withPort ? 'src,src' : 'src']
    case 'destination-set':
      return ['-m', 'set', ...not, '--match-set', match.set, match.withPort ? 'dst,dst' : 'dst']
    case 'source-ports':
      return ['-m', 'multiport', ...not, '--source-ports', portList(match.ports)]
    case 'destination-ports':
      return ['-m', 'multiport', ...not, '--destination-ports', portList(match.ports)]
    case 'icmp':
      return icmpArguments(family, not, match.code === undefined ? String(match.icmpType) : `${match.icmpType}/${match.code}`)
    case 'mark':
      return ['-m', 'mark', ...not, '--mark', `${hex(match.value)}/${hex(match.mask)}`]
    case 'conntrack':
      return ['-m', 'conntrack', ...not, '--ctstate', match.states.join(',')]
    case 'address-type':
      return ['-m', 'addrtype', match.side === 'source' ? '--src-type' : '--dst-type', match.addressType]
    case 'reverse-path':
      return ['-m', 'rpfilter', '--validmark', '--invert']
    case 'limit':
      return ['-m', 'limit', '--limit', `${match.count}/${match.per}`, '--limit-burst', String(match.burst)]
  }
}

function actionArguments(action: Action): string[] {
  switch (action.type) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'reject':
    case 'masquerade':
      return ['-j', action.type.toUpperCase()]
    case 'jump':
      return ['-j', action.chain]
    case 'goto':
      return ['-g', action.chain]
    case 'set-mark':
      return ['-j', 'MARK', '--set-xmark', `${hex(action.value)}/${hex(action.mask)}`]
    case 'log':
      return ['-j', 'LOG', '--log-prefix', plainText(action.prefix).slice(0, LOG_PREFIX_LENGTH), '--log-level', '5']
    case 'nflog':
      return [
        '-j',
        'NFLOG',
        '--nflog-group',
        String(action.group),
        '--nflog-prefix',
        plainText(action.prefix).slice(0, NFLOG_PREFIX_LENGTH),
      ]
    case 'no-track':
      return ['-j', 'CT', '--notrack']
  }
}

function icmpArguments(family: Family, not: string[], typeAndCode: string): string[] {
  return family === 4 ? ['-m', 'icmp', ...not, '--icmp-type', typeAndCode] : ['-m', 'icmp6', ...not, '--icmpv6-type', typeAndCode]
}

function portList(ports: readonly PortRange[]): string {
  return ports.map(({ from, to }) => (from === to ? String(from) : `${from}:${to}`)).join(',')
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`
}

/** Free text may hold what a user wrote: whatever is not printable ASCII becomes "?", and quotes lose their meaning. */
function plainText(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?').replaceAll(/["\\]/g, "'")
}
