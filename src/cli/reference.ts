/** docs/cli.md: the help of every command, as it is. */
import type { Command } from 'commander'
import { createProgram } from './program.ts'

/** Characters of a line of help. */
const width = 110

/** Markdown: a section for each command that does something, in the order of `tortie --help`. */
export function cliReference(): string {
  const nothing = { write: () => undefined }
  const stdin = (async function* () {})()
  const program = createProgram({ stdin, stdout: nothing, stderr: nothing, env: {} }, async () => {})
  return leaves(program, 'tortie')
    .map(([name, command]) => `## ${name}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`)
    .join('\n')
}

function leaves(command: Command, name: string): readonly (readonly [name: string, command: Command])[] {
  const below = command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
  return below.length === 0 ? [[name, command]] : below.flatMap((each) => leaves(each, `${name} ${each.name()}`))
}

/** `helpInformation` leaves out what stands below it: the examples. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => width, getOutHasColors: () => false })
  command.outputHelp()
  return text.trimEnd()
}
