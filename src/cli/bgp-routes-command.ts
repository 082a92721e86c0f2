/** `tortie bgp routes`. */
import { type Command, Option } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { followEvents, type StreamEvent } from './event-stream.ts'
import { withExamples } from './examples.ts'
import { type Row, table, tableLines } from './table.ts'

type Route = { readonly prefix: string; readonly decidedBy?: string; readonly paths: readonly Path[] }

type Path = {
  readonly peer: string
  readonly nextHop: string
  readonly origin: string
  readonly asPath: string
  readonly med?: number
  readonly localPref?: number
  readonly best?: boolean
}

type Page = { readonly routes: readonly Route[]; readonly total: number; readonly cursor?: string }

type RouteOptions = {
  readonly server: Server
  readonly output: Output
  readonly table: string
  readonly peer?: string
  readonly prefix?: string
  readonly longer: boolean
  readonly limit?: string
  readonly watch: boolean
}

export function bgpRoutesCommand(io: Io): Command {
  const command = clientCommand('routes', 'the routing tables, with the step of the decision that chose each best path')
    .addOption(new Option('--table <table>', 'which one').choices(['in', 'accepted', 'best', 'out']).default('best'))
    .option('--peer <name>', 'only of or to this peer')
    .option('--prefix <cidr>', 'only this prefix')
    .option('--longer', 'with --prefix: what lies inside it too', false)
    .option('--limit <number>', 'at most so many (default: 1000)')
    .option('--watch', 'all, then each route that changes, until Ctrl-C', false)
    .addOption(outputOption())
    .action(async (options: RouteOptions) => {
      if (options.watch) return await watchRoutes(io, options)
      const page = (await ask(options.server, { method: 'GET', path: `/v1/bgp/routes?${routeQuery(options).toString()}` })) as Page
      io.stdout.write(`${(await formatted(options.output, page)) ?? routeTable(page)}\n`)
    })
  return withExamples(
    command,
    'tortie bgp routes --prefix 10.244.0.0/16 --longer',
    'tortie bgp routes --table out --peer tor1',
    'tortie bgp routes --watch',
  )
}

function routeQuery({ table, peer, prefix, longer, limit, watch }: RouteOptions): URLSearchParams {
  const page = watch ? { watch: 'true', ...(limit && { limit }) } : { limit: limit ?? '1000' }
  return new URLSearchParams({ table, ...page, ...(peer && { peer }), ...(prefix && { prefix }), ...(longer && { longer: 'true' }) })
}

/** A line for each path: what is there first, then what changes; a route that is gone has its prefix alone. */
async function watchRoutes(io: Io, options: RouteOptions): Promise<void> {
  const path = `/v1/bgp/routes?${routeQuery(options).toString()}`
  const json = options.output !== 'table'
  const { heading, line } = tableLines(
    ['EVENT', 'PREFIX', 'NEXT HOP', 'PEER', 'AS PATH', 'DECIDED BY'],
    [['MODIFIED', '255.255.255.255/32', '255.255.255.255', 'peer-name-0', 'AS PATH', '']],
  )
  if (!json) io.stdout.write(`${heading}\n`)
  await followEvents(io, options.server, path, (event) => {
    if (json) io.stdout.write(`${JSON.stringify(event)}\n`)
    else for (const row of eventRows(event)) io.stdout.write(`${line(row)}\n`)
  })
}

function eventRows({ type, object, reason }: StreamEvent): readonly Row[] {
  if (object === undefined) return [[type, reason, '', '', '', '']]
  const { prefix, paths, decidedBy } = object as Route
  if (paths.length === 0) return [[type, prefix, '', '', '', '']]
  const shown = paths.some(({ best }) => best) ? paths.filter(({ best }) => best) : paths
  return shown.map(({ nextHop, peer, asPath, best }) => [type, prefix, nextHop, peer, asPath, best ? decidedBy : undefined])
}

function routeTable({ routes, total }: Page): string {
  const headings = ['', 'PREFIX', 'NEXT HOP', 'PEER', 'AS PATH', 'LOCAL PREF', 'MED', 'ORIGIN', 'DECIDED BY']
  const rows = routes.flatMap(({ prefix, decidedBy, paths }) =>
    paths.map(({ peer, nextHop, asPath, localPref, med, origin, best }) => [
      best ? '*' : ' ',
      prefix,
      nextHop,
      peer,
      asPath,
      localPref,
      med,
      origin,
      best ? decidedBy : undefined,
    ]),
  )
  const rest = total > routes.length ? [`${routes.length} of ${total} shown: more with --limit, or --prefix`] : []
  return [table(headings, rows), ...rest].join('\n')
}
