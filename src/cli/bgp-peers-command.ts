/** `tortie bgp peers [NAME]`. */
import type { Command } from 'commander'
import { type PeerShown, peerDetails, peerTable } from './bgp-peer-text.ts'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'

export function bgpPeersCommand(io: Io): Command {
  const command = clientCommand('peers', 'sessions and their counts; of one peer all there is to know')
    .argument('[peer]', 'name of a peer')
    .addOption(outputOption())
    .action(async (peer: string | undefined, { server, output }: { server: Server; output: Output }) => {
      const path = peer === undefined ? '/v1/bgp/peers' : `/v1/bgp/peers/${encodeURIComponent(peer)}`
      const body = await ask(server, { method: 'GET', path })
      io.stdout.write(`${(await formatted(output, body)) ?? textOf(peer, body)}\n`)
    })
  return withExamples(command, 'tortie bgp peers', 'tortie bgp peers tor1')
}

function textOf(peer: string | undefined, body: unknown): string {
  return peer === undefined ? peerTable((body as { peers: readonly PeerShown[] }).peers) : peerDetails(body as PeerShown)
}
