/** `tortie bgp explain PREFIX`. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { plain, type Row, table } from './table.ts'

type Path = {
  readonly peer: string
  readonly nextHop: string
  readonly asPath: string
  readonly localPref?: number
  readonly med?: number
  readonly best?: boolean
  readonly multipath?: boolean
  readonly unused?: string
  readonly lostAt?: string
}

type Explanation = {
  readonly prefix: string
  readonly paths: readonly Path[]
  readonly decidedBy?: string
  readonly coveredBy?: string
  readonly peers: readonly {
    readonly peer: string
    readonly advertised: boolean
    readonly reason?: string
    readonly paths?: readonly Path[]
  }[]
}

export function bgpExplainCommand(io: Io): Command {
  const command = clientCommand('explain', 'every path of a prefix, why one is the best, and why each peer is told of it or not')
    .argument('<prefix>', 'a CIDR or an address')
    .option('--peer <name>', 'only what this peer is told')
    .addOption(outputOption())
    .action(async (prefix: string, { server, output, peer }: { server: Server; output: Output; peer?: string }) => {
      const query = new URLSearchParams({ prefix, ...(peer && { peer }) })
      const body = (await ask(server, { method: 'GET', path: `/v1/bgp/explain?${query.toString()}` })) as Explanation
      io.stdout.write(`${(await formatted(output, body)) ?? explanationText(body)}\n`)
    })
  return withExamples(command, 'tortie bgp explain 10.244.1.0/26', 'tortie bgp explain 10.244.1.0/26 --peer tor1')
}

function explanationText({ prefix, paths, decidedBy, coveredBy, peers }: Explanation): string {
  const head = paths.length > 0 ? pathTable(paths, decidedBy) : noRoute(prefix, coveredBy)
  const rows = peers.map(({ peer, advertised, reason, paths: sent = [] }): Row => {
    const [first] = sent
    return [peer, advertised ? 'yes' : 'no', reason ?? (first && `next hop ${first.nextHop}, AS path ${first.asPath || '(empty)'}`)]
  })
  return peers.length === 0 ? head : [head, '', table(['PEER', 'ADVERTISED', 'WHY, OR HOW'], rows)].join('\n')
}

function noRoute(prefix: string, coveredBy: string | undefined): string {
  const instead = coveredBy === undefined ? '' : `; its addresses are routed by ${coveredBy}`
  return plain(`there is no route to ${prefix}${instead}`)
}

function pathTable(paths: readonly Path[], decidedBy: string | undefined): string {
  const rows = paths.map(({ best, multipath, peer, nextHop, asPath, localPref, med, unused, lostAt }): Row => {
    const fate = best
      ? `best: ${decidedBy}`
      : unused !== undefined
        ? `not used: ${unused}`
        : lostAt !== undefined
          ? `lost at ${lostAt}`
          : undefined
    return [best ? '*' : multipath ? '=' : ' ', peer, nextHop, asPath, localPref, med, fate]
  })
  return table(['', 'FROM', 'NEXT HOP', 'AS PATH', 'LOCAL PREF', 'MED', 'DECISION'], rows)
}
