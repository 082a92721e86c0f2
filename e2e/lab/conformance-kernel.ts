import type { Namespace } from './namespace.ts'

export type Backend = 'nft' | 'legacy' | 'native'

/**
 * All rules, chains and sets of a node as sorted text, apart from what depends on how they came to be: the order of chains and of
 * members, counters, the sizes and seeds of hash tables.
 */
export async function kernelState(namespace: Namespace, backend: Backend): Promise<readonly string[]> {
  if (backend === 'native') return nativeState(namespace)
  const saves = await Promise.all(['iptables', 'ip6tables'].map((tool) => namespace.run(`${tool}-${backend}-save`, [])))
  const sets = await namespace.run('ipset', ['save'])
  return [...saves.flatMap((text, index) => rulesOf(text, index === 0 ? 'IPv4' : 'IPv6')), ...setsOf(sets)].toSorted()
}

/** Each rule with its table, chain and place in it. */
function rulesOf(text: string, family: string): readonly string[] {
  let table = ''
  const counts = new Map<string, number>()
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1)
    // The kernel's own chains come with a table's first rule and stay.
    if (line.startsWith(':')) return line.includes(' - ') ? [`${family} ${table} ${line.replace(/ \[.*\]$/, '')}`] : []
    if (!line.startsWith('-A ')) return []
    const chain = line.split(' ')[1] ?? ''
    const place = (counts.get(`${table} ${chain}`) ?? 0) + 1
    counts.set(`${table} ${chain}`, place)
    return [`${family} ${table} ${chain} ${String(place).padStart(4, '0')} ${line}`]
  })
}

function setsOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.replaceAll(/ (hashsize|initval|bucketsize) \S+/g, '')]))
}

/** Members of sets and maps sorted, chains by name. */
async function nativeState(namespace: Namespace): Promise<readonly string[]> {
  const listed = await namespace.run('nft', ['-j', 'list', 'ruleset'])
  const { nftables } = JSON.parse(listed.replaceAll(/"counter": ?\{[^}]*\}/g, '"counter": null')) as { nftables: readonly object[] }
  const places = new Map<string, number>()
  const entries = nftables.filter((entry) => !('metainfo' in entry)) as Record<string, Record<string, unknown>>[]
  return entries
    .flatMap((entry) =>
      Object.entries(entry).map(([kind, { elem, ...rest }]) => {
        const chain = `${String(rest.family)} ${String(rest.table)} ${String(rest.chain)}`
        const place = kind === 'rule' ? (places.get(chain) ?? 0) + 1 : 0
        places.set(chain, place)
        const members = Array.isArray(elem) ? elem.map((member) => JSON.stringify(member)).toSorted() : []
        return `${kind} ${chain} ${place} ${JSON.stringify({ ...rest, handle: undefined })} ${members.join(' ')}`
      }),
    )
    .toSorted()
}
