import t from 'tap'
import type { Cidr } from '../src/net/prefix.ts'
import { chainText } from './chain-text.ts'
import { type AppliedTier, endpointChains, type LocalEndpoint } from './endpoint-chains.ts'
import { marksOf } from './marks.ts'
import { defaultChecks } from './packet-checks.ts'
import { checkDrops } from './verdict-chains.ts'

const sources = ['10.0.0.1/32' as Cidr]
const marks = marksOf(0xffff_0000)
const tier = (name: string, policies: readonly string[], defaultAction: AppliedTier['defaultAction'] = 'Deny'): AppliedTier => ({
  name,
  defaultAction,
  policies,
})

function lines(endpoint: Partial<LocalEndpoint>, direction: 'ingress' | 'egress', family: 4 | 6 = 4): readonly string[] {
  const whole: LocalEndpoint = { interfaceName: 'tort1', sources, tiers: { ingress: [], egress: [] }, profiles: [], ...endpoint }
  const name = direction === 'ingress' ? 'tort-tw-tort1' : 'tort-fw-tort1'
  const [chain] = endpointChains(whole, {
    families: [family],
    marks,
    denied: { type: 'drop' },
    drops: checkDrops(undefined),
    checks: defaultChecks,
  }).filter((one) => one.name === name)
  return chain === undefined ? [] : chainText(chain).replaceAll(`-A ${name} `, '').split('\n')
}

const checks = ['--ctstate RELATED,ESTABLISHED -j ACCEPT', '--ctstate INVALID -j DROP']
const start = [...checks, '-j MARK --set-xmark 0x0/0x30000']
const end = '-j DROP # Drop if no profiles matched'

t.test('established first, invalid dropped, marks of elsewhere cleared, nothing open at the end', async (t) => {
  t.strictSame(lines({}, 'ingress'), [...start, end])
})

t.test('§6.2.1: tiers in order; a policy is asked while none allowed or passed, and an Allow ends the chain', async (t) => {
  const ingress = [tier('first', ['gnp/a', 'np/shop/b'], 'Pass'), tier('default', ['knp/shop/c'])]
  t.strictSame(lines({ tiers: { ingress, egress: [] } }, 'ingress'), [
    ...checks,
    '-j MARK --set-xmark 0x0/0x30000 # Start of tier first',
    '-j tort-pi-gnp/a',
    '--mark 0x0/0x30000 -j tort-pi-np/shop/b',
    '--mark 0x10000/0x10000 -j RETURN # Return if policy accepted',
    '-j MARK --set-xmark 0x0/0x20000 # Start of tier default',
    '-j tort-pi-knp/shop/c',
    '--mark 0x10000/0x10000 -j RETURN # Return if policy accepted',
    '--mark 0x0/0x20000 -j DROP # End of tier default. Drop if no policies passed packet',
    end,
  ])
})

t.test('of many policies, each fifth is followed by a look at whether one has allowed', async (t) => {
  const policies = Array.from({ length: 7 }, (_, n) => `gnp/${n}`)
  const rules = lines({ tiers: { ingress: [tier('default', policies)], egress: [] } }, 'ingress').slice(start.length, -2)
  const look = '--mark 0x10000/0x10000 -j RETURN # Return if policy accepted'
  const asked = policies.map((id, n) => `${n === 0 ? '' : '--mark 0x0/0x30000 '}-j tort-pi-${id}`)
  t.strictSame(rules, [...asked.slice(0, 5), look, ...asked.slice(5), look])
})

t.test('each direction has its own tiers and its own chains of policies and profiles', async (t) => {
  const endpoint = { tiers: { ingress: [], egress: [tier('default', ['gnp/a'])] }, profiles: [{ name: 'kns.shop', known: true }] }
  t.strictSame(lines(endpoint, 'ingress').slice(3), ['-j tort-pri-kns.shop', '--mark 0x10000/0x10000 -j RETURN', end])
  t.strictSame(lines(endpoint, 'egress').slice(4), [
    '-j tort-po-gnp/a',
    '--mark 0x10000/0x10000 -j RETURN # Return if policy accepted',
    '--mark 0x0/0x20000 -j DROP # End of tier default. Drop if no policies passed packet',
    '-j tort-pro-kns.shop',
    '--mark 0x10000/0x10000 -j RETURN',
    end,
  ])
})

t.test('§6.6: an unknown profile drops at its place in the list', async (t) => {
  const profiles = [
    { name: 'a', known: true },
    { name: 'gone', known: false },
    { name: 'b', known: true },
  ]
  t.strictSame(lines({ profiles }, 'ingress').slice(3), [
    '-j tort-pri-a',
    '--mark 0x10000/0x10000 -j RETURN',
    '-j DROP # Drop, profile gone does not exist',
  ])
})
