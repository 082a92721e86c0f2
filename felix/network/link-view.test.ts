import t from 'tap'
import { LinkView } from './link-view.ts'
import type { KernelLink } from './netlink-link.ts'

const tort1: KernelLink = { index: 7, name: 'tort1', up: true, mtu: 1500, ipip: false }

function start(...links: KernelLink[]): LinkView {
  const view = new LinkView()
  view.replace(links)
  return view
}

const events: [title: string, link: KernelLink, gone: boolean, expected: unknown, byName: KernelLink | undefined][] = [
  ['the same again is no change', tort1, false, { changed: false }, tort1],
  [
    'down is a change, and the link is lost to its routes',
    { ...tort1, up: false },
    false,
    { changed: true, lost: tort1 },
    { ...tort1, up: false },
  ],
  ['another MTU is a change', { ...tort1, mtu: 1400 }, false, { changed: true }, { ...tort1, mtu: 1400 }],
  ['gone is lost too', tort1, true, { changed: true, lost: tort1 }, undefined],
  ['another name on the same link', { ...tort1, name: 'eth9' }, false, { changed: true }, undefined],
  [
    'a link that nobody knew is gone: no change',
    { index: 8, name: 'x', up: true, mtu: 1500, ipip: false },
    true,
    { changed: false },
    tort1,
  ],
]
for (const [title, link, gone, expected, byName] of events) {
  t.test(title, async (t) => {
    const view = start(tort1)
    t.same(view.observe({ link, gone }), expected)
    t.same(view.byName('tort1'), byName)
  })
}

t.test('a new link takes the name before the old one is told gone', async (t) => {
  const view = start(tort1)
  const next = { index: 9, name: 'tort1', up: true, mtu: 1500, ipip: false }
  view.observe({ link: next, gone: false })
  view.observe({ link: tort1, gone: true })
  t.same([view.byName('tort1'), view.byIndex(7), view.byIndex(9)], [next, undefined, next])
})

t.test('a dump tells which links are not up any more', async (t) => {
  const view = start(
    tort1,
    { index: 8, name: 'a', up: true, mtu: 1500, ipip: false },
    { index: 9, name: 'b', up: false, mtu: 1500, ipip: false },
  )
  t.same(view.replace([{ index: 8, name: 'a', up: false, mtu: 1500, ipip: false }]), [
    tort1,
    { index: 8, name: 'a', up: true, mtu: 1500, ipip: false },
  ])
  t.same(view.byName('b'), undefined)
})
