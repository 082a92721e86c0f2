/** `tortie bgp …`: what the BGP speaker knows, and what it may be asked for. */
import { Command } from 'commander'
import { bgpDumpCommand } from './bgp-dump-command.ts'
import { bgpExplainCommand } from './bgp-explain-command.ts'
import { bgpRefreshCommand, bgpResetCommand } from './bgp-peer-commands.ts'
import { bgpPeersCommand } from './bgp-peers-command.ts'
import { bgpRoutesCommand } from './bgp-routes-command.ts'
import type { Io } from './command.ts'

export function bgpCommand(io: Io): Command {
  const command = new Command('bgp').description('what the BGP speaker knows; reset and refresh of a session')
  const commands = [bgpPeersCommand, bgpRoutesCommand, bgpExplainCommand, bgpDumpCommand, bgpResetCommand, bgpRefreshCommand]
  for (const make of commands) command.addCommand(make(io))
  return command
}
