/** `tortie explain FROM TO`: would this flow pass, and which rules decide. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { table } from './table.ts'

type Options = {
  readonly server: Server
  readonly protocol: string
  readonly port?: string
  readonly sourcePort?: string
  readonly icmpType?: string
  readonly icmpCode?: string
  readonly output: Output
}

type End = {
  readonly asked: string
  readonly address: string
  readonly endpoint?: { readonly namespace?: string; readonly name: string; readonly node?: string; readonly local: boolean }
  readonly networkSets: readonly string[]
}

type Step = {
  readonly direction: string
  readonly subject: string
  readonly rule?: number
  readonly outcome: string
  readonly mismatch?: string
}

type Answer = {
  readonly verdict: 'Allow' | 'Deny'
  readonly reason: string
  readonly flow: { readonly protocol: string; readonly destinationPort?: number; readonly icmpType?: number }
  readonly from: End
  readonly to: End
  readonly steps: readonly Step[]
}

export function explainCommand(io: Io): Command {
  const command = clientCommand('explain', 'whether a flow may pass, with every rule that is looked at on the way')
    .argument('<from>', 'who begins: NAMESPACE/NAME or an address')
    .argument('<to>', 'who is addressed: NAMESPACE/NAME or an address')
    .option('--protocol <protocol>', 'tcp, udp, icmp, icmpv6, sctp, udplite or a number', 'tcp')
    .option('--port <port>', 'destination port')
    .option('--source-port <port>', 'source port')
    .option('--icmp-type <type>', 'ICMP type (default: echo request)')
    .option('--icmp-code <code>', 'ICMP code')
    .addOption(outputOption())
    .action(async (from: string, to: string, options: Options) => {
      const answer = await ask(options.server, { method: 'GET', path: `/v1/explain?${queryOf(from, to, options).toString()}` })
      io.stdout.write(`${(await formatted(options.output, answer)) ?? text(answer as Answer)}\n`)
    })
  return withExamples(command, 'tortie explain shop/web shop/db --port 5432', 'tortie explain 192.0.2.7 shop/web --protocol icmp')
}

function queryOf(from: string, to: string, { protocol, port, sourcePort, icmpType, icmpCode }: Options): URLSearchParams {
  const given = Object.entries({ from, to, protocol, port, sourcePort, icmpType, icmpCode })
  return new URLSearchParams(given.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])))
}

function text({ verdict, reason, flow, from, to, steps }: Answer): string {
  const port = flow.destinationPort === undefined ? '' : ` ${flow.destinationPort}`
  const lines = [`${verdict}: ${reason}`, '', `From: ${end(from)}`, `To:   ${end(to)}`, `Flow: ${flow.protocol}${port}`]
  if (steps.length === 0) return lines.join('\n')
  const rows = steps.map(({ direction, subject, rule, outcome, mismatch }) => [
    direction,
    subject,
    rule,
    outcome,
    mismatch === undefined ? '' : `differs in ${mismatch}`,
  ])
  return [...lines, '', table(['DIRECTION', 'SUBJECT', 'RULE', 'OUTCOME', 'WHY'], rows)].join('\n')
}

/** What happens at a workload of another node is decided there, by what that node has stored. */
function end({ address, endpoint, networkSets }: End): string {
  const who =
    endpoint === undefined
      ? address
      : `${endpoint.namespace ?? ''}/${endpoint.name} (${address}) on ${endpoint.local ? 'this node' : `${endpoint.node}, which decides by what it has stored`}`
  return networkSets.length === 0 ? who : `${who}, in ${networkSets.join(', ')}`
}
