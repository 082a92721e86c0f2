/** The command line: every command but `agent` is a client of the API. */
import { Command, CommanderError } from 'commander'
import { applyCommand } from './apply-command.ts'
import { bgpCommand } from './bgp-command.ts'
import type { Io } from './command.ts'
import { deleteCommand } from './delete-command.ts'
import { drainCommand } from './drain-command.ts'
import { CliFailure } from './failure.ts'
import { getCommand } from './get-command.ts'
import { routesCommand } from './routes-command.ts'
import { statusCommand } from './status-command.ts'

export type { Io } from './command.ts'

/** What is no client; its code is loaded only when it is asked for. Resolves to the exit code. */
export type Commands = { readonly agent: (options: AgentOptions) => Promise<number> }

export type AgentOptions = { readonly configFile: string; readonly check: boolean }

/** Runs one command and resolves to its exit code: 0, 1 (refused or failed) or 2 (usage). Errors are one line on stderr. */
export async function runCli(argv: readonly string[], io: Io, commands: Commands): Promise<number> {
  let exitCode = 0
  io.stdout.on?.('error', ignoreClosedPipe)
  const program = new Command('tortie').description('One L3 networking agent per Linux node')
  const agent = agentCommand(async (options) => {
    exitCode = await commands.agent(options)
  })
  const clients = [applyCommand, deleteCommand, getCommand, statusCommand, bgpCommand, routesCommand, drainCommand].map((make) => make(io))
  for (const command of [agent, ...clients]) program.addCommand(command)
  strict(program, io)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, io)
  }
}

function agentCommand(run: (options: AgentOptions) => Promise<void>): Command {
  return new Command('agent')
    .description('the node agent, in the foreground')
    .requiredOption('--config <file>', 'its configuration (YAML)')
    .option('--check', 'only validate the configuration', false)
    .action(({ config, check }: { config: string; check: boolean }) => run({ configFile: config, check }))
}

/** Commander writes through `io`, throws instead of exiting, and leaves the words of an error to `report`. */
function strict(command: Command, io: Io): void {
  command.exitOverride()
  command.allowExcessArguments(false)
  command.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text), outputError: () => {} })
  for (const below of command.commands) strict(below, io)
}

/** `tortie get … | head` ends the reader first: no mistake of anybody. */
function ignoreClosedPipe(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
}

function report(error: unknown, io: Io): number {
  if (error instanceof CliFailure) {
    io.stderr.write(`tortie: ${error.message}\n`)
    return error.exitCode
  }
  if (!(error instanceof CommanderError)) throw error
  if (error.exitCode === 0) return 0
  if (error.code !== 'commander.help')
    // then the help itself is on stderr
    io.stderr.write(`tortie: ${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}: see "tortie --help"\n`)
  return 2
}
