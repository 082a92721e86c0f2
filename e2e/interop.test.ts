/** The built agent against five other speakers, each configured by its own file: what each of them can is in docs/interop.md. */
import t from 'tap'
import { Bird } from './lab/interop-bird.ts'
import { Exabgp } from './lab/interop-exabgp.ts'
import { Frr } from './lab/interop-frr.ts'
import { Gobgp } from './lab/interop-gobgp.ts'
import { InteropLab } from './lab/interop-lab.ts'
import { Openbgpd } from './lab/interop-openbgpd.ts'
import { until } from './lab/until.ts'

type Can = {
  readonly name: string
  readonly speaker: Parameters<typeof InteropLab.create>[1]
  readonly md5: boolean
  /** Its IPv6 prefixes come with a next hop that can be one. */
  readonly ipv6: boolean
  /** Takes several paths of us (RFC 7911). */
  readonly addPath: boolean
  /** Asks for our routes again (RFC 2918). */
  readonly refresh: boolean
  readonly bfd: boolean
  /** Keeps our routes while we are away (RFC 4724). */
  readonly helps: boolean
  /** Comes back and has forwarded meanwhile. */
  readonly restarts: boolean
}

const speakers: readonly Can[] = [
  { name: 'BIRD', speaker: Bird, md5: true, ipv6: true, addPath: true, refresh: true, bfd: true, helps: true, restarts: true },
  { name: 'FRR', speaker: Frr, md5: true, ipv6: true, addPath: true, refresh: true, bfd: true, helps: true, restarts: true },
  { name: 'GoBGP', speaker: Gobgp, md5: true, ipv6: true, addPath: true, refresh: false, bfd: false, helps: true, restarts: true },
  { name: 'OpenBGPD', speaker: Openbgpd, md5: true, ipv6: false, addPath: true, refresh: true, bfd: false, helps: false, restarts: false },
  { name: 'ExaBGP', speaker: Exabgp, md5: true, ipv6: true, addPath: true, refresh: false, bfd: false, helps: false, restarts: true },
]

for (const { name, speaker, ...can } of speakers)
  t.test(name, async (t) => {
    const lab = await InteropLab.create(name.slice(0, 1).toLowerCase(), speaker)
    t.teardown(() => lab.remove())
    const external = { asNumber: 65002, password: can.md5 ? 'secret' : '' }
    await lab.configure(external, { addPath: { send: 2 }, ...(can.bfd ? { bfd: { multiplier: 5 } } : {}) })
    await Promise.all([lab.ours.start(), lab.other.start(), lab.foreign.start(external, false)])

    const knows = (prefix: string, wanted = /./) =>
      until(`${name} knows ${prefix}`, async () => {
        const text = await lab.foreign.about(prefix)
        return wanted.test(text) ? text : undefined
      })
    const heard = (prefix: string) => until(`we know ${prefix}`, async () => (await lab.heard(lab.ours, 'foreign', prefix))[0])

    await t.test(`a session${can.md5 ? ' with TCP MD5' : ''}; routes of both families on both sides`, async (t) => {
      await lab.established()
      t.match(await heard('10.2.0.0/24'), { nextHop: '10.99.0.2', asPath: '65002' })
      if (can.ipv6) t.match(await heard('fd00:2::/64'), { nextHop: 'fd99::2', asPath: '65002' })
      t.match(await knows('10.244.3.0/24'), /65001/)
      t.match(await knows('fd00:3::/64'), /fd99::1/)
    })

    if (can.addPath)
      await t.test('RFC 7911: both paths of a prefix that two nodes announce', async () => {
        await until(`${name} has two paths`, async () => {
          const text = await lab.foreign.about('10.244.1.0/24')
          return pathsIn(text) >= 2
        })
      })

    if (can.refresh)
      await t.test('RFC 2918: it asks for our routes again and gets them', async (t) => {
        const updates = async () => ((await lab.peer()).messages as { updatesSent: number }).updatesSent
        const [before, { flaps }] = [await updates(), await lab.peer()]
        await lab.foreign.refresh()
        await until('UPDATEs are sent again', async () => (await updates()) > before)
        t.equal((await lab.peer()).flaps, flaps)
      })

    if (can.bfd)
      await t.test('RFC 5880: BFD is up beside the session', async () => {
        await until('BFD is Up', async () => JSON.stringify((await lab.peer()).bfd ?? '').includes('"Up"'))
      })

    if (can.restarts)
      await t.test('RFC 4724: it is killed and comes back; its routes stay meanwhile', async (t) => {
        await lab.foreign.kill()
        await until('its routes are stale', async () => (await lab.heard(lab.ours, 'foreign', '10.2.0.0/24'))[0]?.stale)
        t.equal((await lab.heard(lab.other, 'ours', '10.2.0.0/24')).length, 1, 'our own peer was not told of it')
        await lab.foreign.start(external, true)
        await lab.established()
        await until('its routes are fresh', async () => {
          const [path] = await lab.heard(lab.ours, 'foreign', '10.2.0.0/24')
          return path !== undefined && path.stale !== true
        })
      })

    if (can.helps)
      await t.test('RFC 4724: we are killed; it keeps our routes until we are back, and has them again', async (t) => {
        await knows('10.244.3.0/24')
        await lab.ours.end('SIGKILL')
        t.match(await lab.foreign.about('10.244.3.0/24'), /65001/)
        await lab.ours.start() // without a kernel it has forwarded nothing meanwhile, and says so: what is kept ends with its return
        await lab.established()
        t.match(await knows('10.244.3.0/24'), /65001/)
      })

    await t.test('RFC 4456: as an internal client it is told of another client’s routes, with their originator', async (t) => {
      const internal = { ...external, asNumber: 65001 }
      await lab.foreign.kill()
      await lab.ours.end('SIGTERM')
      await lab.configure(internal)
      await Promise.all([lab.ours.start(), lab.foreign.start(internal, false)])
      await lab.established()
      t.match(await knows('10.244.3.0/24', /10\.99\.0\.3/), /10\.99\.0\.3/)
      t.match(await heard('10.2.0.0/24'), { asPath: '' })
      const [reflected] = await until('our client knows its route', async () => {
        const paths = await lab.heard(lab.other, 'ours', '10.2.0.0/24')
        return paths.length > 0 ? paths : undefined
      })
      t.match(reflected, { originatorId: '10.99.0.2', clusterList: ['10.99.0.1'], nextHop: '10.99.0.2' })
    })
  })

/** How many paths the words are of. */
function pathsIn(text: string): number {
  const marks = [/BGP\.next_hop:/g, /"aspath":/g, /"nexthop":"/g, /BGP routing table entry/g, /"nlri": "10\.244\.1\.0\/24"/g]
  return Math.max(...marks.map((mark) => [...text.matchAll(mark)].length))
}
