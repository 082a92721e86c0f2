/**
 * What the kernel's own tools print, read back and walked: `iptables-save` and `ipset save`, IPv4, the filter table's FORWARD.
 * Written apart from what renders the rules, so that it can judge them.
 */
import { containsPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts'

export type SavedRules = {
  /** The rules of each chain of the filter table, in order, as words; kernel chains among them. */
  readonly chains: ReadonlyMap<string, readonly (readonly string[])[]>
  /** Verdict at the end of a kernel chain. */
  readonly policies: ReadonlyMap<string, string>
}

export type ForwardedPacket = {
  readonly inInterface: string
  readonly outInterface: string
  readonly source: string
  readonly destination: string
  readonly destinationPort: number
}

/** @param text of `iptables-save -t filter` */
export function readSavedRules(text: string): SavedRules {
  const chains = new Map<string, (readonly string[])[]>()
  const policies = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [first = '', second = ''] = line.split(' ')
    if (first.startsWith(':')) {
      chains.set(first.slice(1), [])
      if (second !== '-') policies.set(first.slice(1), second)
    }
    if (first === '-A') chains.get(second)?.push(words(line).slice(2))
  }
  return { chains, policies }
}

/** Members by set. @param text of `ipset save` */
export function readSavedSets(text: string): ReadonlyMap<string, readonly string[]> {
  const sets = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [verb, name = '', member = ''] = line.split(' ')
    if (verb === 'create') sets.set(name, [])
    if (verb === 'add') sets.get(name)?.push(member)
  }
  return sets
}

/** The verdict on the first TCP packet of a connection that this machine forwards. @throws on a rule it cannot read */
export function forwardVerdict(
  rules: SavedRules,
  sets: ReadonlyMap<string, readonly string[]>,
  packet: ForwardedPacket,
): 'ACCEPT' | 'DROP' {
  const walker = new Walker(rules, sets, packet)
  const end = walker.walk('FORWARD')
  return (end === 'RETURN' ? rules.policies.get('FORWARD') : end) === 'ACCEPT' ? 'ACCEPT' : 'DROP'
}

type End = 'ACCEPT' | 'DROP' | 'RETURN'

class Walker {
  readonly #rules: SavedRules
  readonly #sets: ReadonlyMap<string, readonly string[]>
  readonly #packet: ForwardedPacket
  #mark = 0

  constructor(rules: SavedRules, sets: ReadonlyMap<string, readonly string[]>, packet: ForwardedPacket) {
    this.#rules = rules
    this.#sets = sets
    this.#packet = packet
  }

  walk(chain: string): End {
    const rules = this.#rules.chains.get(chain)
    if (rules === undefined) throw new Error(`a rule leads to the chain ${chain}, which is not there`)
    for (const rule of rules) {
      const end = this.#take(rule)
      if (end !== undefined) return end
    }
    return 'RETURN'
  }

  /** undefined: the next rule is asked. */
  #take(rule: readonly string[]): End | undefined {
    let negated = false
    for (let at = 0; at < rule.length; at += 1) {
      const option = rule[at] ?? ''
      const value = rule[at + 1] ?? ''
      if (option === '!') {
        negated = true
        continue
      }
      if (option === '-j' || option === '-g') return this.#go(option, value, rule.slice(at + 2))
      if (option === '-m' || option === '--comment') at += 1
      else {
        const taken = this.#matches(option, value, rule[at + 2] ?? '')
        if (taken === undefined) throw new Error(`cannot read the rule "${rule.join(' ')}"`)
        if (taken.holds === negated) return undefined
        at += taken.words
        negated = false
      }
    }
    return undefined
  }

  #go(option: '-j' | '-g', target: string, rest: readonly string[]): End | undefined {
    if (target === 'ACCEPT' || target === 'DROP' || target === 'RETURN') return target
    if (target === 'MARK') {
      const [value = 0, mask = 0] = (rest[1] ?? '').split('/').map(Number)
      this.#mark = ((this.#mark & ~mask) ^ value) >>> 0
      return undefined
    }
    const end = this.walk(target)
    return end === 'RETURN' && option === '-j' ? undefined : end
  }

  /** undefined: no such option is known. */
  #matches(option: string, value: string, second: string): { readonly holds: boolean; readonly words: number } | undefined {
    const { inInterface, outInterface, source, destination, destinationPort } = this.#packet
    switch (option) {
      case '-i':
        return { holds: isInterface(inInterface, value), words: 1 }
      case '-o':
        return { holds: isInterface(outInterface, value), words: 1 }
      case '-s':
        return { holds: isIn(source, [value]), words: 1 }
      case '-d':
        return { holds: isIn(destination, [value]), words: 1 }
      case '-p':
        return { holds: value === 'tcp', words: 1 }
      case '--dports':
        return { holds: value.split(',').some((range) => isPort(destinationPort, range)), words: 1 }
      case '--ctstate':
        return { holds: value.split(',').includes('NEW'), words: 1 }
      case '--mark': {
        const [wanted = 0, mask = 0xffff_ffff] = value.split('/').map(Number)
        return { holds: (this.#mark & mask) >>> 0 === wanted, words: 1 }
      }
      case '--match-set': {
        const members = this.#sets.get(value)
        if (members === undefined) throw new Error(`a rule names the set ${value}, which is not there`)
        return { holds: isIn(second === 'src' ? source : destination, members), words: 2 }
      }
      default:
        return undefined
    }
  }
}

function words(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map((match) => match[1] ?? match[0])
}

function isInterface(name: string, pattern: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function isPort(port: number, range: string): boolean {
  const [from = 0, to = from] = range.split(':').map(Number)
  return port >= from && port <= to
}

function isIn(address: string, nets: readonly string[]): boolean {
  return nets.some((net) => containsPrefix(prefix(net), prefix(address)))
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  if (parsed === undefined) throw new Error(`"${text}" is no address`)
  return parsed
}
