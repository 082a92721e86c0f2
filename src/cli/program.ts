/** The table of commands: every one but `agent` is a client of the API. */
import { Command, Option } from 'commander'
import { version } from '../version.ts'
import { applyCommand } from './apply-command.ts'
import { bgpCommand } from './bgp-command.ts'
import type { Io } from './command.ts'
import { completeCommand, completionCommand } from './completion-command.ts'
import { datastoreCommand } from './datastore-command.ts'
import { deleteCommand } from './delete-command.ts'
import { diagsCommand } from './diags-command.ts'
import { drainCommand } from './drain-command.ts'
import { eventsCommand } from './events-command.ts'
import { withExamples } from './examples.ts'
import { explainCommand } from './explain-command.ts'
import { flowsCommand } from './flows-command.ts'
import { getCommand } from './get-command.ts'
import { routesCommand } from './routes-command.ts'
import { serverOptions } from './server-options.ts'
import { statusCommand } from './status-command.ts'

export type AgentOptions = { readonly configFile: string; readonly check: boolean; readonly cleanup: boolean }

const clients = [
  applyCommand,
  deleteCommand,
  getCommand,
  statusCommand,
  bgpCommand,
  routesCommand,
  explainCommand,
  flowsCommand,
  drainCommand,
  datastoreCommand,
  diagsCommand,
  eventsCommand,
]

export function createProgram(io: Io, runAgent: (options: AgentOptions) => Promise<void>): Command {
  const program = new Command('tortie').description('One L3 networking agent per Linux node').version(version, '-V, --version')
  program.addCommand(agentCommand(runAgent))
  for (const command of clients.map((make) => make(io))) program.addCommand(withServer(command, io))
  program.addCommand(completionCommand())
  program.addCommand(completeCommand(io, program), { hidden: true })
  strict(program, io)
  return program
}

function agentCommand(run: (options: AgentOptions) => Promise<void>): Command {
  const command = new Command('agent')
    .description('the node agent, in the foreground')
    .requiredOption('--config <file>', 'its configuration (YAML)')
    .option('--check', 'only validate the configuration', false)
    .addOption(new Option('--cleanup', 'remove everything of Tortie from the kernel, and exit').default(false).conflicts('check'))
    .action(({ config, ...options }: { config: string; check: boolean; cleanup: boolean }) => run({ configFile: config, ...options }))
  return withExamples(command, 'tortie agent --config /etc/tortie/tortie.yaml --check')
}

/** Behind the command's own options. */
function withServer(command: Command, io: Io): Command {
  if (command.commands.length === 0) return serverOptions(command, io.env)
  for (const below of command.commands) withServer(below, io)
  return command
}

/** Commander writes through `io`, throws instead of exiting, and leaves the words of an error to whoever catches it. */
function strict(command: Command, io: Io): void {
  command.exitOverride()
  command.allowExcessArguments(false)
  command.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text), outputError: () => {} })
  for (const below of command.commands) strict(below, io)
}
