import t from 'tap'
import type { Refusal } from './kernel-route.ts'
import { LinkTable } from './link-table.ts'
import { LinkView } from './link-view.ts'

/** A kernel that brings up what it does not refuse. */
function start(refusal?: Refusal) {
  const links = new LinkView()
  const asked: string[] = []
  const changeLink = async ({ name }: { readonly name: string }): Promise<Refusal | undefined> => {
    asked.push(name)
    return refusal
  }
  let ups = 0
  const table = new LinkTable({ kernel: { changeLink }, links, onUp: () => (ups += 1) })
  return { table, links, asked, ups: () => ups }
}

const wanted = [{ name: 'tort1', up: true }] as const

t.test('an absent link is pending, and brought up once it is there', async (t) => {
  const { table, links, asked, ups } = start()
  const pending = { state: 'pending', reason: 'link tort1 does not exist' }
  t.same(await table.apply(wanted), { changed: 0, repaired: 0, unprogrammed: new Map([['link tort1', pending]]) })
  links.replace([{ index: 7, name: 'tort1', up: false, mtu: 1500, ipip: false }])
  t.same(await table.apply(wanted), { changed: 1, repaired: 0, unprogrammed: new Map() })
  t.same(await table.apply(wanted), { changed: 0, repaired: 0, unprogrammed: new Map() })
  t.same([asked, ups()], [['tort1'], 1])
})

t.test('taken down by somebody: up again, and counted as a repair', async (t) => {
  const { table, links } = start()
  links.replace([{ index: 7, name: 'tort1', up: true, mtu: 1500, ipip: false }])
  await table.apply(wanted)
  links.replace([{ index: 7, name: 'tort1', up: false, mtu: 1500, ipip: false }])
  t.same(await table.apply(wanted), { changed: 1, repaired: 1, unprogrammed: new Map() })
})

t.test('a refusal is a status', async (t) => {
  const { table, links, ups } = start({ at: 0, errno: 'EPERM', text: 'Operation not permitted' })
  links.replace([{ index: 7, name: 'tort1', up: false, mtu: 1500, ipip: false }])
  const failed = { state: 'failed', reason: 'EPERM: Operation not permitted: run Tortie as root or with CAP_NET_ADMIN' }
  t.same(await table.apply(wanted), { changed: 0, repaired: 0, unprogrammed: new Map([['link tort1', failed]]) })
  t.equal(ups(), 0)
})
