/** `tortie flows`: which connections were allowed and denied lately, and by what. */
import { type Command, Option } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { followEvents } from './event-stream.ts'
import { withExamples } from './examples.ts'
import { type Row, table, tableLines } from './table.ts'

type End = { readonly address: string; readonly namespace?: string; readonly name?: string }

type Decision = { readonly subject: string; readonly rule?: number; readonly outcome: string }

type Flow = {
  readonly verdict: string
  readonly answered?: true
  readonly reason?: string
  readonly from: End
  readonly to: End
  readonly protocol: string | number
  readonly port?: number
  readonly icmpType?: number
  readonly decisions: readonly Decision[]
  readonly pending?: readonly Decision[]
  readonly differs?: true
  readonly count: number
  readonly lastSeen: string
}

type Page = { readonly flows: readonly Flow[]; readonly total: number }

const filters = ['from', 'to', 'namespace', 'verdict', 'policy'] as const

type Options = { readonly [Filter in (typeof filters)[number]]?: string } & {
  readonly server: Server
  readonly output: Output
  readonly limit?: string
  readonly watch: boolean
}

export function flowsCommand(io: Io): Command {
  const command = clientCommand('flows', 'connections that were allowed and denied lately, with the policy and rule that decided')
    .option('--from <who>', 'only from NAMESPACE/NAME, an address or a CIDR')
    .option('--to <who>', 'only to NAMESPACE/NAME, an address or a CIDR')
    .option('-n, --namespace <namespace>', 'only with an end in it')
    .addOption(new Option('--verdict <verdict>', 'only these').choices(['allowed', 'denied']))
    .option('--policy <policy>', 'only where it decided: "NetworkPolicy shop/web", shop/web or web')
    .option('--limit <number>', 'at most so many, the newest (default: 1000)')
    .option('--watch', 'all, then each flow when it is seen again, until Ctrl-C', false)
    .addOption(outputOption())
    .action(async (options: Options) => {
      if (options.watch) return await watchFlows(io, options)
      const page = (await ask(options.server, { method: 'GET', path: pathOf(options) })) as Page
      io.stdout.write(`${(await formatted(options.output, page)) ?? flowTable(page)}\n`)
    })
  return withExamples(command, 'tortie flows --verdict denied', 'tortie flows --to shop/db-0 --limit 20', 'tortie flows --watch -n shop')
}

function pathOf({ limit, watch, ...options }: Options): string {
  const given = filters.flatMap((name): [string, string][] => (options[name] === undefined ? [] : [[name, options[name]]]))
  const query = { ...Object.fromEntries(given), ...(limit !== undefined && { limit }), ...(watch && { watch: 'true' }) }
  return `/v1/flows?${new URLSearchParams(query).toString()}`
}

const headings = ['LAST SEEN', 'VERDICT', 'FROM', 'TO', 'PROTOCOL', 'COUNT', 'DECIDED BY']

function flowTable({ flows, total }: Page): string {
  const rest = total > flows.length ? [`${flows.length} of ${total} shown: more with --limit, or fewer with --from, --to and the like`] : []
  return [table(headings, flows.map(flowRow)), ...rest].join('\n')
}

async function watchFlows(io: Io, options: Options): Promise<void> {
  const json = options.output !== 'table'
  const typical = ['2026-01-01T00:00:00.000Z', 'allowed', 'namespace/pod-name-0 (255.255.255.255)']
  const { heading, line } = tableLines(headings, [[...typical, typical[2], 'icmp type 8', '100', '']])
  if (!json) io.stdout.write(`${heading}\n`)
  await followEvents(io, options.server, pathOf(options), (event) => {
    if (json) io.stdout.write(`${JSON.stringify(event)}\n`)
    else if (event.object !== undefined) io.stdout.write(`${line(flowRow(event.object as Flow))}\n`)
    else if (event.type === 'MISSED') io.stderr.write(`tortie: ${event.reason}\n`)
  })
}

function flowRow(flow: Flow): Row {
  const { verdict, answered, from, to, protocol, port, icmpType, count, lastSeen } = flow
  const detail = port === undefined ? (icmpType === undefined ? '' : ` type ${icmpType}`) : ` ${port}`
  return [lastSeen, answered ? 'rejected' : verdict, endText(from), endText(to), `${protocol}${detail}`, count, decidersText(flow)]
}

function endText({ address, namespace, name }: End): string {
  if (name === undefined) return address
  return `${namespace === '' ? 'HostEndpoint ' : `${namespace}/`}${name} (${address})`
}

function decidersText({ reason, decisions, pending = [], differs }: Flow): string {
  const staged = pending.map((decision) => `pending: ${decision.outcome} by ${deciderText(decision)}`)
  const loud = differs ? ['KERNEL AND POLICY DIFFER'] : []
  return [...(reason === undefined ? [] : [reason]), ...decisions.map(deciderText), ...staged, ...loud].join('; ')
}

function deciderText({ subject, rule }: Decision): string {
  return rule === undefined ? subject : `${subject} rule ${rule}`
}
