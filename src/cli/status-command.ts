/** `tortie status`. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { table } from './table.ts'

type Status = {
  readonly node: string
  readonly version: string
  readonly uptimeSec: number
  readonly inSync: boolean
  readonly revision: number
  readonly programmedRevision: number
  readonly problems: readonly { readonly severity: string; readonly subject: string; readonly message: string }[]
  readonly bgp: { readonly asNumber: number; readonly routerId: string; readonly peers: number; readonly established: number }
  readonly routes: Readonly<Record<string, number>>
  readonly policy: Readonly<Record<string, number>>
  readonly repairs?: { readonly total: number; readonly last: readonly { readonly object: string; readonly lastAt: string }[] }
  readonly iptables?: { readonly backend: string; readonly reason: string }
}

export function statusCommand(io: Io): Command {
  const command = clientCommand('status', 'the node at a glance')
    .addOption(outputOption())
    .action(async ({ server, output }: { server: Server; output: Output }) => {
      const body = await ask(server, { method: 'GET', path: '/v1/status' })
      io.stdout.write(`${(await formatted(output, body)) ?? statusText(body as Status)}\n`)
    })
  return withExamples(command, "tortie status -o json | jq '.problems'")
}

function statusText({
  node,
  version,
  uptimeSec,
  inSync,
  revision,
  programmedRevision,
  problems,
  bgp,
  routes,
  policy,
  repairs,
  iptables,
}: Status): string {
  const facts: [string, string][] = [
    ['Node', `${node}, Tortie ${version}, up ${Math.floor(uptimeSec)} s`],
    ['Kernel', `${inSync ? 'in sync' : 'not in sync'}, revision ${programmedRevision} of ${revision} programmed`],
    ['BGP', `AS ${bgp.asNumber}, router id ${bgp.routerId}, ${bgp.established} of ${bgp.peers} peers Established`],
    ['Routes', counts(routes)],
    ['Policy', counts(policy)],
    ...(iptables === undefined ? [] : [backendField(iptables)]),
    ...(repairs === undefined || repairs.total === 0 ? [] : [['Repaired', repaired(repairs)] as [string, string]]),
    ['Problems', problems.length === 0 ? 'none' : String(problems.length)],
  ]
  const lines = facts.map(([name, text]) => `${`${name}:`.padEnd(10)}${text}`)
  if (problems.length === 0) return lines.join('\n')
  const rows = problems.map(({ severity, subject, message }) => [severity, subject, message])
  return [...lines, '', table(['SEVERITY', 'SUBJECT', 'MESSAGE'], rows)].join('\n')
}

function repaired({ total, last: [newest] }: NonNullable<Status['repairs']>): string {
  return newest === undefined ? String(total) : `${total}, last ${newest.object} at ${newest.lastAt}`
}

function counts(numbers: Readonly<Record<string, number>>): string {
  return (
    Object.entries(numbers)
      .map(([name, value]) => `${value} ${name}`)
      .join(', ') || '-'
  )
}

/** iptables in one of its two forms, or nftables itself. */
function backendField({ backend, reason }: NonNullable<Status['iptables']>): [string, string] {
  return backend === 'nftables' ? ['nftables', reason] : ['iptables', `${backend}: ${reason}`]
}
