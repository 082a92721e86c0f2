/** `tortie explain FROM TO`: would this flow pass, and which rules decide. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { misused } from './failure.ts'
import { table } from './table.ts'

type Options = {
  readonly server: Server
  readonly from?: string
  readonly to?: string
  readonly protocol?: string
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
  readonly subject: string
  readonly tier?: string
  readonly rule?: number
  readonly outcome: string
  readonly mismatch?: string
}

type Said = { readonly verdict: 'Allow' | 'Deny'; readonly steps: readonly Step[] }

type EndVerdict = Said & {
  readonly direction: 'egress' | 'ingress'
  readonly endpoint: { readonly namespace?: string; readonly name: string; readonly node?: string }
  readonly local: boolean
  readonly reached: boolean
  readonly transit?: true
  readonly pending?: Said
}

type Answer = {
  readonly verdict: 'Allow' | 'Deny'
  readonly reason: string
  readonly flow: { readonly protocol: string; readonly destinationPort?: number; readonly icmpType?: number }
  readonly from: End
  readonly to: End
  readonly ends: readonly EndVerdict[]
}

export function explainCommand(io: Io): Command {
  const command = clientCommand('explain', 'whether a flow may pass, with every tier, policy and rule that is looked at on the way')
    .argument('[from]', 'who begins, as --from')
    .argument('[to]', 'who is addressed, as --to')
    .option('--from <end>', 'who begins: NAMESPACE/NAME or an address')
    .option('--to <end>', 'who is addressed: NAMESPACE/NAME or an address')
    .option('--port <port>', 'destination port, alone or with its protocol: 5432, 5432/tcp')
    .option('--protocol <protocol>', 'tcp, udp, icmp, icmpv6, sctp, udplite or a number (default: that of --port, else tcp)')
    .option('--source-port <port>', 'source port')
    .option('--icmp-type <type>', 'ICMP type (default: echo request)')
    .option('--icmp-code <code>', 'ICMP code')
    .addOption(outputOption())
    .action(async (from: string | undefined, to: string | undefined, options: Options) => {
      const answer = await ask(options.server, { method: 'GET', path: `/v1/explain?${queryOf([from, to], options).toString()}` })
      io.stdout.write(`${(await formatted(options.output, answer)) ?? text(answer as Answer)}\n`)
    })
  return withExamples(
    command,
    'tortie explain --from shop/web-1 --to shop/db-0 --port 5432/tcp',
    'tortie explain --from 192.0.2.7 --to shop/web-1 --protocol icmp',
    'tortie explain shop/web-1 shop/db-0 --port 5432',
  )
}

/** @throws CliFailure where an end or the protocol is given twice, or an end not at all */
function queryOf(given: readonly (string | undefined)[], options: Options): URLSearchParams {
  const { sourcePort, icmpType, icmpCode } = options
  const [port, own] = (options.port ?? '').split('/', 2)
  if (own !== undefined && options.protocol !== undefined) throw misused('give the protocol either in --port or with --protocol')
  const left = given.filter((end) => end !== undefined)
  const from = options.from ?? left.shift()
  const to = options.to ?? left.shift()
  if (left.length > 0) throw misused('an end is given twice, as an argument and with --from or --to')
  if (from === undefined || to === undefined) throw misused('both ends are required: --from and --to, each NAMESPACE/NAME or an address')
  const query = { from, to, protocol: options.protocol ?? own ?? 'tcp', port: port || undefined, sourcePort, icmpType, icmpCode }
  return new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
  )
}

function text({ verdict, reason, flow, from, to, ends }: Answer): string {
  const port = flow.destinationPort === undefined ? '' : ` ${flow.destinationPort}`
  const lines = [`${verdict}: ${reason}`, '', `From: ${end(from)}`, `To:   ${end(to)}`, `Flow: ${flow.protocol}${port}`]
  return [...lines, ...ends.flatMap(endLines)].join('\n')
}

function endLines({ direction, endpoint, reached, transit, verdict, steps, pending }: EndVerdict): readonly string[] {
  const side = direction === 'egress' ? 'Egress' : 'Ingress'
  const said = reached ? past(verdict) : `not reached, would be ${past(verdict)}`
  const who = endpoint.namespace === undefined ? `host endpoint ${endpoint.name}` : `${endpoint.namespace}/${endpoint.name}`
  const heading = `${side} of ${who}${transit === true ? ', forwarding' : ''}: ${said}`
  const staged =
    pending === undefined ? [] : ['', `${side} with staged policies: would be ${past(pending.verdict)}`, stepTable(pending.steps)]
  return ['', heading, stepTable(steps), ...staged]
}

function past(verdict: Answer['verdict']): string {
  return verdict === 'Allow' ? 'allowed' : 'denied'
}

function stepTable(steps: readonly Step[]): string {
  const rows = steps.map(({ tier, subject, rule, outcome, mismatch }) => [
    tier,
    subject,
    rule,
    outcome,
    mismatch === undefined ? '' : `differs in ${mismatch}`,
  ])
  return table(['TIER', 'SUBJECT', 'RULE', 'OUTCOME', 'WHY'], rows)
}

/** What happens at a workload of another node is decided there, by what that node has stored. */
function end({ address, endpoint, networkSets }: End): string {
  const who =
    endpoint === undefined
      ? address
      : `${endpoint.namespace ?? ''}/${endpoint.name} (${address}) on ${endpoint.local ? 'this node' : `${endpoint.node}, which decides by what it has stored`}`
  return networkSets.length === 0 ? who : `${who}, in ${networkSets.join(', ')}`
}
