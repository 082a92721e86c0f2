/** `tortie bgp routes`. */
import { type Command, Option } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { table } from './table.ts'

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
  readonly limit: string
}

export function bgpRoutesCommand(io: Io): Command {
  const command = clientCommand('routes', 'the routing tables, with the step of the decision that chose each best path')
    .addOption(new Option('--table <table>', 'which one').choices(['in', 'best', 'out']).default('best'))
    .option('--peer <name>', 'only of or to this peer')
    .option('--prefix <cidr>', 'only this prefix')
    .option('--longer', 'with --prefix: what lies inside it too', false)
    .option('--limit <number>', 'at most so many', '1000')
    .addOption(outputOption())
    .action(async (options: RouteOptions) => {
      const page = (await ask(options.server, { method: 'GET', path: `/v1/bgp/routes?${routeQuery(options).toString()}` })) as Page
      io.stdout.write(`${(await formatted(options.output, page)) ?? routeTable(page)}\n`)
    })
  return withExamples(command, 'tortie bgp routes --prefix 10.244.0.0/16 --longer', 'tortie bgp routes --table out --peer tor1')
}

function routeQuery({ table, peer, prefix, longer, limit }: RouteOptions): URLSearchParams {
  return new URLSearchParams({ table, limit, ...(peer && { peer }), ...(prefix && { prefix }), ...(longer && { longer: 'true' }) })
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
