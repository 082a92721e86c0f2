import t from 'tap'
import { encodeCapability } from './capabilities.ts'
import { fqdnCapability } from './fqdn.ts'

const names: [title: string, name: string, expected: string][] = [
  ['a host name alone', 'node-a', '4908066e6f64652d6100'],
  ['a host in a domain', 'a.example.net', '490e0161 0b6578616d706c652e6e6574'],
  ['none', '', '49020000'],
  ['longer than there is room for', `${'h'.repeat(70)}.${'d'.repeat(70)}`, `498240${'68'.repeat(64)}40${'64'.repeat(64)}`],
]
for (const [title, name, expected] of names)
  t.test(`draft-walton-bgp-hostname-capability §3: ${title}`, async (t) =>
    t.equal(Buffer.from(encodeCapability(fqdnCapability(name))).toString('hex'), expected.replaceAll(' ', '')),
  )
