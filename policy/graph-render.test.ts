import t from 'tap'
import { chainText, setText } from './chain-text.ts'
import { PolicyGraph } from './graph.ts'
import { endpoint, globalPolicy } from './test-resources.ts'

const web = globalPolicy('web', {
  order: 10,
  selector: "app == 'web'",
  ingress: [
    { action: 'Allow', protocol: 'TCP', source: { selector: "role == 'client'" }, destination: { ports: [80] } },
    { action: 'Deny' },
  ],
})
const server = endpoint('server', { interfaceName: 'tort1a2b', ipNetworks: ['10.0.0.1/32'] }, { app: 'web' })
const client = endpoint('client', { interfaceName: 'tort3c4d', ipNetworks: ['10.0.0.2/32'] }, { role: 'client' })
const far = endpoint('far', { node: 'n2', interfaceName: 'tort3c4d', ipNetworks: ['10.1.0.2/32'] }, { role: 'client' })

t.test('felix reference §2.9: a policy on one of two pods renders as the example does, in our names', async (t) => {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: false })
  for (const one of [server, client, far, web]) graph.put(one)
  const compiled = graph.compile()
  const [set] = compiled.ipSets
  t.equal(compiled.ipSets.length, 1)
  t.equal(set === undefined ? '' : setText(set), `${set?.name} hash:ip: 10.0.0.2 10.1.0.2`)
  const rendered = compiled.chains
    .filter(({ name }) => !name.includes('3c4d'))
    .map(chainText)
    .join('\n')
  t.equal(
    rendered.replaceAll(set?.name ?? '?', 'SET'),
    `
-A tort-FORWARD -j MARK --set-xmark 0x0/0x30000
-A tort-FORWARD -i tort+ -p udp --dports 4789 -j DROP # Drop VXLAN made by a workload
-A tort-FORWARD -i tort+ -p 4 -j DROP # Drop IP-in-IP made by a workload
-A tort-FORWARD -i tort+ -j tort-from-wl
-A tort-FORWARD -o tort+ -j tort-to-wl
-A tort-INPUT -i tort+ -g tort-wl-to-host
-A tort-OUTPUT -o tort+ -j ACCEPT # A node always reaches its workloads
-A tort-from-wl -i tort1a2b -g tort-fw-tort1a2b
-A tort-from-wl -i tort3c4d -g tort-fw-tort3c4d
-A tort-from-wl -j DROP # Unknown interface
-A tort-fw-tort1a2b ! -s 10.0.0.1/32 -j DROP # Source is not of this workload
-A tort-fw-tort1a2b --ctstate RELATED,ESTABLISHED -j ACCEPT
-A tort-fw-tort1a2b --ctstate INVALID -j DROP
-A tort-fw-tort1a2b -j MARK --set-xmark 0x0/0x30000
-A tort-fw-tort1a2b -j tort-pro-kns.shop
-A tort-fw-tort1a2b --mark 0x10000/0x10000 -j RETURN
-A tort-fw-tort1a2b -j DROP # Drop if no profiles matched
-A tort-pi-gnp/web -p tcp --match-set SET src --dports 80 -j MARK --set-xmark 0x10000/0x10000 # rule 0
-A tort-pi-gnp/web --mark 0x10000/0x10000 -j RETURN
-A tort-pi-gnp/web -j DROP # rule 1
-A tort-pri-kns.shop -j MARK --set-xmark 0x10000/0x10000 # rule 0
-A tort-pro-kns.shop -j MARK --set-xmark 0x10000/0x10000 # rule 0
-A tort-to-wl -o tort1a2b -g tort-tw-tort1a2b
-A tort-to-wl -o tort3c4d -g tort-tw-tort3c4d
-A tort-to-wl -j DROP # Unknown interface
-A tort-tw-tort1a2b --ctstate RELATED,ESTABLISHED -j ACCEPT
-A tort-tw-tort1a2b --ctstate INVALID -j DROP
-A tort-tw-tort1a2b -j MARK --set-xmark 0x0/0x30000 # Start of tier default
-A tort-tw-tort1a2b -j tort-pi-gnp/web
-A tort-tw-tort1a2b --mark 0x10000/0x10000 -j RETURN # Return if policy accepted
-A tort-tw-tort1a2b --mark 0x0/0x20000 -j DROP # End of tier default. Drop if no policies passed packet
-A tort-tw-tort1a2b -j tort-pri-kns.shop
-A tort-tw-tort1a2b --mark 0x10000/0x10000 -j RETURN
-A tort-tw-tort1a2b -j DROP # Drop if no profiles matched
-A tort-wl-to-host -p udp --dports 4789 -j DROP # Drop VXLAN made by a workload
-A tort-wl-to-host -p 4 -j DROP # Drop IP-in-IP made by a workload
-A tort-wl-to-host -p udp --sports 68 --dports 67 -j ACCEPT # DHCP
-A tort-wl-to-host -j tort-from-wl
-A tort-wl-to-host -j DROP # Drop from workload to host
-A tort-PREROUTING -i tort+ rpfilter --invert -j DROP # Spoofed source`.trim(),
  )
})
