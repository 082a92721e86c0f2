/** `tortie bgp peers [NAME]`. */
import type { Command } from 'commander'
import { type PeerShown, peerDetails, peerHeadings, peerRow, peerTable } from './bgp-peer-text.ts'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { followEvents, type StreamEvent } from './event-stream.ts'
import { withExamples } from './examples.ts'
import { misused } from './failure.ts'
import { type Row, tableLines } from './table.ts'

type Options = { readonly server: Server; readonly output: Output; readonly watch: boolean }

export function bgpPeersCommand(io: Io): Command {
  const command = clientCommand('peers', 'sessions and their counts; of one peer all there is to know')
    .argument('[peer]', 'name of a peer')
    .option('--watch', 'all, then each whose session changes, until Ctrl-C', false)
    .addOption(outputOption())
    .action(async (peer: string | undefined, { server, output, watch }: Options) => {
      if (watch && peer !== undefined) throw misused('--watch is of all peers: leave out the name')
      if (watch) return await watchPeers(io, server, output)
      const path = peer === undefined ? '/v1/bgp/peers' : `/v1/bgp/peers/${encodeURIComponent(peer)}`
      const body = await ask(server, { method: 'GET', path })
      io.stdout.write(`${(await formatted(output, body)) ?? textOf(peer, body)}\n`)
    })
  return withExamples(command, 'tortie bgp peers', 'tortie bgp peers tor1', 'tortie bgp peers --watch')
}

function textOf(peer: string | undefined, body: unknown): string {
  return peer === undefined ? peerTable((body as { peers: readonly PeerShown[] }).peers) : peerDetails(body as PeerShown)
}

async function watchPeers(io: Io, server: Server, output: Output): Promise<void> {
  const path = '/v1/bgp/peers?watch=true'
  if (output !== 'table') return await followEvents(io, server, path, (event) => io.stdout.write(`${JSON.stringify(event)}\n`))
  const row = ({ type, object }: StreamEvent): Row => [type.padEnd('MODIFIED'.length), ...peerRow(object as PeerShown)]
  // What is there at first decides how wide the columns are.
  const first: StreamEvent[] = []
  let line: ((row: Row) => string) | undefined
  await followEvents(io, server, path, (event) => {
    if (event.object === undefined) {
      if (line !== undefined || event.type !== 'SYNCED') return
      const lines = tableLines(['EVENT', ...peerHeadings], first.map(row))
      line = lines.line
      io.stdout.write(`${[lines.heading, ...first.map(row).map(lines.line)].join('\n')}\n`)
    } else if (line === undefined) first.push(event)
    else io.stdout.write(`${line(row(event))}\n`)
  })
}
