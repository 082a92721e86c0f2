/** Each way in which somebody can disturb our tables where nftables itself enforces policy: back in time, counted and named. */
import { execa } from 'execa'
import t from 'tap'
import { twoRulePolicy } from './lab/policies.ts'
import { type Repairs, timesRepaired } from './lab/repairs.ts'
import { SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'
import { webPods } from './lab/web-pods.ts'

const chain = 'filter-tort-pi-gnp/web'
const ours = 'chain filter/tort-pi-gnp/web (IPv4)'
const map = 'filter-tort-to-wl'

const lab = await SingleNode.create({ nftablesMode: 'enabled' })
t.teardown(() => lab.remove())
const { node, namespace } = lab
await node.start()
const [web, client, other] = await lab.addPods(webPods.web, webPods.client, webPods.other)
await node.apply(twoRulePolicy)

const nft = (...args: readonly string[]) => namespace.run('nft', args)
const nftFile = (text: string) => execa('ip', ['netns', 'exec', namespace.name, 'nft', '-f', '-'], { input: text })
/** Both tables, without counters; what is written anew comes last, so chains are in no order, and members neither. */
const shown = async () => {
  const lists = await Promise.all(['ip', 'ip6'].map((family) => nft('-s', 'list', 'table', family, 'tortie')))
  return lists
    .flatMap((list) => list.split('\n\n'))
    .map((block) =>
      block.includes('elements = ')
        ? block
            .split(/[\s,]+/)
            .toSorted()
            .join(' ')
        : block,
    )
    .map((block) => block.replace(/^table.*\n|\n}\n?$/g, ''))
    .toSorted()
    .join('\n')
}
/** The handles of the rules in the policy's chain. */
const handles = async () =>
  [...(await nft('-a', 'list', 'chain', 'ip', 'tortie', chain)).matchAll(/comment .* # handle (\d+)/g)].map(([, n]) => n ?? '')
const repairs = async () => ((await node.request('GET', '/v1/status')).body as { readonly repairs: Repairs }).repairs
const isReached = async () => [
  await client.isThrough({ protocol: 'tcp', to: web.address, port: 8080 }, true),
  await other.isThrough({ protocol: 'tcp', to: web.address, port: 8080 }, false),
]
const wanted = await shown()
const set = /@(tort4\S+)/.exec(await nft('list', 'chain', 'ip', 'tortie', chain))?.[1] ?? ''
t.strictSame(await isReached(), [true, false])
t.match(set, /^tort4/)

const disturbances: readonly (readonly [title: string, object: string, disturb: () => Promise<unknown>])[] = [
  ['a chain is flushed', ours, () => nft('flush', 'chain', 'ip', 'tortie', chain)],
  ['a rule is deleted', ours, async () => nft('delete', 'rule', 'ip', 'tortie', chain, 'handle', (await handles())[0] ?? '')],
  ['a rule is put into a chain of ours', ours, () => nft('insert', 'rule', 'ip', 'tortie', chain, 'accept')],
  ['a rule is replaced', ours, async () => nft('replace', 'rule', 'ip', 'tortie', chain, 'handle', (await handles())[0] ?? '', 'accept')],
  ['rules are put in another order', ours, reverse],
  ['our hook is emptied', 'hook filter/FORWARD (IPv4)', () => nft('flush', 'chain', 'ip', 'tortie', 'filter-FORWARD')],
  ['our hook is deleted', 'hook filter/FORWARD (IPv4)', () => nft('delete', 'chain', 'ip', 'tortie', 'filter-FORWARD')],
  ['a set is emptied', `IP set ${set}`, () => nft('flush', 'set', 'ip', 'tortie', set)],
  ['a member is added', `IP set ${set}`, () => nft('add', 'element', 'ip', 'tortie', set, `{ ${other.address} }`)],
  [
    'members are swapped for others, as many as before',
    `IP set ${set}`,
    () => nftFile(`delete element ip tortie ${set} { ${client.address} }\nadd element ip tortie ${set} { ${other.address} }\n`),
  ],
  ['a map is emptied', `IP set ${map}`, () => nft('flush', 'map', 'ip', 'tortie', map)],
  [
    'an interface is led to the chain of another',
    `IP set ${map}`,
    () =>
      nftFile(
        `delete element ip tortie ${map} { "tortweb" }\nadd element ip tortie ${map} { "tortweb" : goto filter-tort-tw-tortclient }\n`,
      ),
  ],
  ['a chain is put into our table', 'chain theirs (IPv4)', () => nft('add', 'chain', 'ip', 'tortie', 'theirs')],
  ['a chain and a set of ours are deleted', ours, deleteSetAndChain],
  ['a table is flushed', 'hook filter/FORWARD (IPv4)', () => nft('flush', 'table', 'ip', 'tortie')],
  ['a table is deleted', `IP set ${set}`, () => nft('delete', 'table', 'ip', 'tortie')],
  ['everything is flushed', 'IP set filter-tort-to-wl', () => nft('flush', 'ruleset')],
]

for (const [title, object, disturb] of disturbances) {
  t.test(title, async (t) => {
    const before = await repairs()
    await disturb()
    const began = performance.now()
    await until('ours are back', async () => (await shown()) === wanted)
    t.comment(`back after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    await until(`${object} is named`, async () => timesRepaired(await repairs(), object) > timesRepaired(before, object))
    t.ok((await repairs()).total > before.total)
    t.strictSame(await isReached(), [true, false])
  })
}

async function reverse(): Promise<void> {
  const rules = (await nft('-s', 'list', 'chain', 'ip', 'tortie', chain)).split('\n').filter((line) => line.includes('comment'))
  t.ok(rules.length >= 2, 'a rule to deny and one to allow')
  const anew = rules.toReversed().map((rule) => `add rule ip tortie ${chain} ${rule.trim()}`)
  await nftFile([`flush chain ip tortie ${chain}`, ...anew, ''].join('\n'))
}

/** As far as the kernel lets go of them: who asks must go first. */
async function deleteSetAndChain(): Promise<void> {
  const callers = (await nft('-s', 'list', 'table', 'ip', 'tortie')).split('\n\n').filter((block) => block.includes(`jump ${chain} `))
  const flushed = callers.map((block) => `flush chain ip tortie ${/chain (\S+) \{/.exec(block)?.[1]}`)
  await nftFile(
    [...flushed, `flush chain ip tortie ${chain}`, `delete chain ip tortie ${chain}`, `delete set ip tortie ${set}`, ''].join('\n'),
  )
}
