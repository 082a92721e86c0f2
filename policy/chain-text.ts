/** Chains and sets as short text in the words of iptables, for people and for tests; not what is fed to a kernel. */
import type { Action, Chain, Hook, IpSet, Match, PortRange, Rule } from '../felix/kernel.ts'

/** "-A chain match action", one rule a line; a chain without rules is its name alone. */
export function chainText({ name, rules }: Chain): string {
  return rules.length === 0 ? `:${name}` : rules.map((rule) => `-A ${name}${ruleText(rule)}`).join('\n')
}

export function hookText({ kernelChain, at, rule }: Hook): string {
  return `${at === 'insert' ? '-I' : '-A'} ${kernelChain}${ruleText(rule)}`
}

/** "name type: members", members in text order. */
export function setText({ name, type, members }: IpSet): string {
  return `${name} ${type}: ${[...members].toSorted().join(' ')}`.trimEnd()
}

function ruleText({ match, action, comment }: Rule): string {
  const words = [...match.map(matchText), actionText(action)]
  return ` ${words.join(' ')}${comment === undefined ? '' : ` # ${comment}`}`
}

function matchText(match: Match): string {
  return `${'negated' in match && match.negated ? '! ' : ''}${positiveText(match)}`
}

function positiveText(match: Match): string {
  switch (match.type) {
    case 'in-interface':
      return `-i ${match.name}`
    case 'out-interface':
      return `-o ${match.name}`
    case 'protocol':
      return `-p ${match.protocol}`
    case 'source-net':
      return `-s ${match.net}`
    case 'destination-net':
      return `-d ${match.net}`
    case 'source-set':
      return `--match-set ${match.set} ${match.withPort ? 'src,src' : 'src'}`
    case 'destination-set':
      return `--match-set ${match.set} ${match.withPort ? 'dst,dst' : 'dst'}`
    case 'source-ports':
      return `--sports ${portsText(match.ports)}`
    case 'destination-ports':
      return `--dports ${portsText(match.ports)}`
    case 'icmp':
      return `--icmp-type ${match.icmpType}${match.code === undefined ? '' : `/${match.code}`}`
    case 'mark':
      return `--mark ${hex(match.value)}/${hex(match.mask)}`
    case 'conntrack':
      return `--ctstate ${match.states.join(',')}`
    case 'address-type':
      return `--${match.side === 'source' ? 'src' : 'dst'}-type ${match.addressType}`
    case 'reverse-path':
      return 'rpfilter --invert'
    case 'limit':
      return `--limit ${match.count}/${match.per} --limit-burst ${match.burst}`
  }
}

function actionText(action: Action): string {
  switch (action.type) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'reject':
    case 'masquerade':
      return `-j ${action.type.toUpperCase()}`
    case 'jump':
      return `-j ${action.chain}`
    case 'goto':
      return `-g ${action.chain}`
    case 'set-mark':
      return `-j MARK --set-xmark ${hex(action.value)}/${hex(action.mask)}`
    case 'log':
      return `-j LOG "${action.prefix}"`
    case 'nflog':
      return `-j NFLOG ${action.group} "${action.prefix}"`
    case 'no-track':
      return '-j CT --notrack'
  }
}

function portsText(ports: readonly PortRange[]): string {
  return ports.map(({ from, to }) => (from === to ? from : `${from}:${to}`)).join(',')
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
