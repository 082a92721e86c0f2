/** `tortie bgp …`: what the BGP speaker knows. */
import { Command } from 'commander'
import { bgpDumpCommand } from './bgp-dump-command.ts'
import { bgpExplainCommand } from './bgp-explain-command.ts'
import { bgpPeersCommand } from './bgp-peers-command.ts'
import { bgpRoutesCommand } from './bgp-routes-command.ts'
import type { Io } from './command.ts'

export function bgpCommand(io: Io): Command {
  const command = new Command('bgp').description('what the BGP speaker knows')
  for (const make of [bgpPeersCommand, bgpRoutesCommand, bgpExplainCommand, bgpDumpCommand]) command.addCommand(make(io))
  return command
}
