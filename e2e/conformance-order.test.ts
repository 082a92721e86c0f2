/**
 * What the kernel ends with depends on what is posted, not on how it came to be: the resources of all scenarios at once, in other
 * orders, in pieces, with others in between that go again, with changes that are taken back.
 */
import t from 'tap'
import { type Document, documents, manyResources, toYaml } from './conformance/many-resources.ts'
import { world } from './conformance/world.ts'
import { type Backend, kernelState } from './lab/conformance-kernel.ts'
import { ConformanceLab } from './lab/conformance-lab.ts'
import { until } from './lab/until.ts'

const backends: ReadonlyMap<Backend, object> = new Map([
  ['nft', { iptablesBackend: 'nft' }],
  ['legacy', { iptablesBackend: 'legacy' }],
  ['native', { nftablesMode: 'enabled' }],
])
const many = manyResources()
const worldKinds = documents(world).length
/** A tier cannot be written after its policies, nor deleted before them. */
const tiers = many.filter(({ kind }) => kind === 'Tier')
const rest = many.slice(worldKinds).filter(({ kind }) => kind !== 'Tier')
const endpoints = documents(world).filter(({ kind }) => kind === 'WorkloadEndpoint')

for (const [backend, felix] of backends) {
  t.test(`${many.length} resources end in the same rules and sets however they came (${backend})`, async (t) => {
    const lab = await ConformanceLab.create({ felix: { ...felix } })
    t.teardown(() => lab.remove())
    const state = () => kernelState(lab.node.namespace, backend)
    const empty = await state()
    const endsAs = async (t: Tap, wanted: readonly string[]) => {
      // What nothing needs any more goes a little later than what is needed comes.
      await until('the kernel is as it should be', async () => (await state()).join() === wanted.join()).catch(() => undefined)
      t.strictSame(await state(), wanted)
    }
    await lab.node.apply(toYaml([...tiers, ...rest]))
    const atOnce = await state()

    await t.test('every resource deleted, backwards, in pieces: as before', async (t) => {
      for (const piece of pieces([...rest].reverse(), 40)) await lab.node.delete(toYaml(piece))
      await lab.node.delete(toYaml(tiers))
      await endsAs(t, empty)
    })

    await t.test('in another order, in pieces', async (t) => {
      await lab.node.apply(toYaml(tiers))
      for (const piece of pieces(shuffled(rest, 7), 23)) await lab.node.request('POST', '/v1/apply', toYaml(piece))
      await lab.node.apply(toYaml(rest.slice(0, 1)))
      await endsAs(t, atOnce)
    })

    await t.test('endpoints gone and back, policies replaced by others and back, more that go again', async (t) => {
      const changed = shuffled(rest, 11).slice(0, 60)
      await lab.node.delete(toYaml(endpoints.slice(2, 6)))
      await lab.node.apply(toYaml(changed.map((document, index) => swapped(document, changed, index))))
      await lab.node.apply(toYaml(changed.map(renamed)))
      await lab.node.apply(toYaml(shuffled([...changed, ...endpoints], 13)))
      await lab.node.delete(toYaml(changed.map(renamed)))
      await endsAs(t, atOnce)
    })
  })
}

type Tap = { strictSame: (found: unknown, wanted: unknown) => boolean }

/** The spec of another one of the same kind. */
function swapped(document: Document, all: readonly Document[], index: number): Document {
  const other = [...all.slice(index + 1), ...all.slice(0, index)].find(
    ({ kind, apiVersion }) => kind === document.kind && apiVersion === document.apiVersion,
  )
  return other === undefined ? document : { ...document, spec: other.spec }
}

function renamed(document: Document): Document {
  return { ...document, metadata: { ...document.metadata, name: `more-${document.metadata.name}` } }
}

function pieces(all: readonly Document[], size: number): readonly (readonly Document[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))
}

/** Always the same order for a seed (a linear congruential generator). */
function shuffled(all: readonly Document[], seed: number): readonly Document[] {
  let state = seed
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 0x8000_0000
    return state
  }
  return all
    .map((document) => ({ document, rank: next() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ document }) => document)
}
