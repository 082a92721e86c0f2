/** The command line: runs one command and says in one line what went wrong. */
import { CommanderError } from 'commander'
import type { Io } from './command.ts'
import { CliFailure, Interrupted } from './failure.ts'
import { type AgentOptions, createProgram } from './program.ts'

export type { Io } from './command.ts'
export type { AgentOptions } from './program.ts'

/** What is no client; its code is loaded only when it is asked for. Resolves to the exit code. */
export type Commands = { readonly agent: (options: AgentOptions) => Promise<number> }

/** 128 and SIGINT, as shells say it. */
const interruptedCode = 130

/** Runs one command and resolves to its exit code: 0, 1 (refused or failed), 2 (usage) or 130 (Ctrl-C). Errors are one line on stderr. */
export async function runCli(argv: readonly string[], io: Io, commands: Commands): Promise<number> {
  let exitCode = 0
  io.stdout.on?.('error', ignoreClosedPipe)
  const program = createProgram(io, async (options) => {
    exitCode = await commands.agent(options)
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, io)
  }
}

/** `tortie get … | head` ends the reader first: no mistake of anybody. */
function ignoreClosedPipe(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
}

function report(error: unknown, io: Io): number {
  if (error instanceof Interrupted) return interruptedCode
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
