/** `tortie bgp reset PEER` and `tortie bgp refresh PEER`. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, type Io } from './command.ts'
import { withExamples } from './examples.ts'
import { plain } from './table.ts'

/** @property state of the session when it was asked for */
type Asked = { readonly peer: string; readonly state: string }

export function bgpResetCommand(io: Io): Command {
  const command = peerCommand(io, 'reset', 'end the session of a peer and begin it anew', ({ peer, state }) =>
    hasOpened.has(state)
      ? `${peer}: the session is ended with Cease/Administrative Reset (6/4) and begins anew`
      : `${peer}: there was no session to end (${state}); it is tried anew`,
  )
  return withExamples(command, 'tortie bgp reset tor1')
}

export function bgpRefreshCommand(io: Io): Command {
  const describe = ({ peer }: Asked) => `${peer}: asked for all its routes again`
  const command = peerCommand(io, 'refresh', 'ask a peer for all its routes again (RFC 2918); the session stays', describe)
  return withExamples(command, 'tortie bgp refresh tor1')
}

/** States in which the peer is told why its connection ends. */
const hasOpened: ReadonlySet<string> = new Set(['OpenSent', 'OpenConfirm', 'Established'])

function peerCommand(io: Io, name: 'reset' | 'refresh', description: string, describe: (asked: Asked) => string): Command {
  return clientCommand(name, description)
    .argument('<peer>', 'name of a peer')
    .action(async (peer: string, { server }: { readonly server: Server }) => {
      const path = `/v1/bgp/peers/${encodeURIComponent(peer)}/${name}`
      io.stdout.write(`${plain(describe((await ask(server, { method: 'POST', path })) as Asked))}\n`)
    })
}
