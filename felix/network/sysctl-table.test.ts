import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { LinkView } from './link-view.ts'
import { SysctlTable } from './sysctl-table.ts'

const proxyArp = { path: 'net/ipv4/conf/tort1/proxy_arp', value: '1', link: 'tort1' }

function start(t: Test): { readonly table: SysctlTable; readonly links: LinkView; readonly file: string } {
  const root = t.testdir({ net: { ipv4: { ip_forward: '0\n', conf: { tort1: { proxy_arp: '0\n' } } } } })
  const links = new LinkView()
  links.replace([{ index: 7, name: 'tort1', up: true, mtu: 1500, ipip: false }])
  return { table: new SysctlTable({ links, root }), links, file: join(root, proxyArp.path) }
}

t.test('a value that differs is written once; one that is right is not touched', async (t) => {
  const { table, file } = start(t)
  t.same(table.apply([proxyArp]), { changed: 1, repaired: 0, unprogrammed: new Map() })
  t.equal(readFileSync(file, 'utf8'), '1')
  t.same(table.apply([proxyArp]), { changed: 0, repaired: 0, unprogrammed: new Map() })
  t.same(table.apply([{ path: 'net/ipv4/ip_forward', value: ' 0 ' }, proxyArp]).changed, 0, 'white space makes no difference')
})

t.test('what somebody changed is seen at the recheck, and counted as a repair', async (t) => {
  const { table, file } = start(t)
  table.apply([proxyArp])
  writeFileSync(file, '0\n')
  t.equal(table.apply([proxyArp]).changed, 0, 'no event tells of it')
  table.recheck()
  t.same(table.apply([proxyArp]), { changed: 1, repaired: 1, unprogrammed: new Map() })
})

t.test('while its link is absent it is pending; the same name on a new link is written again', async (t) => {
  const { table, links, file } = start(t)
  table.apply([proxyArp])
  links.replace([])
  const pending = { state: 'pending', reason: 'link tort1 does not exist' }
  t.same([...table.apply([proxyArp]).unprogrammed], [[`sysctl ${proxyArp.path}`, pending]])
  links.replace([{ index: 9, name: 'tort1', up: false, mtu: 1500, ipip: false }])
  writeFileSync(file, '0\n')
  t.equal(table.apply([proxyArp]).changed, 1)
})

t.test('a link that was in another namespace and is back, with its index, before anybody looked: written again', async (t) => {
  const { table, file } = start(t)
  table.apply([proxyArp])
  writeFileSync(file, '0\n')
  table.linkGone('tort2')
  t.equal(table.apply([proxyArp]).changed, 0, 'another link')
  table.linkGone('tort1')
  t.equal(table.apply([proxyArp]).changed, 1)
})

const unsafe = ['../etc/passwd', 'net/../../etc/passwd', '/etc/passwd', 'net//ipv4', '', 'net/ipv4/\0', './net']
for (const path of unsafe) {
  t.test(`"${path}" leads nowhere`, async (t) => {
    const { table } = start(t)
    const failed = { state: 'failed', reason: `"${path}" does not name a file below /proc/sys` }
    t.same([...table.apply([{ path, value: '1' }]).unprogrammed], [[`sysctl ${path}`, failed]])
  })
}

t.test('what the kernel refuses is a status with its word, and the others are written', async (t) => {
  const { table, file } = start(t)
  mkdirSync(join(file, '../is-a-directory'))
  const path = 'net/ipv4/conf/tort1/is-a-directory'
  const report = table.apply([{ path, value: '1' }, proxyArp])
  t.equal(report.changed, 1)
  t.match(report.unprogrammed.get(`sysctl ${path}`), { state: 'failed', reason: /EISDIR/ })
})
