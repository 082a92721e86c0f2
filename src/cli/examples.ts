import type { Command } from 'commander'

/** Lines under the help of a command; `docs/cli.md` is made of the same help. */
export function withExamples(command: Command, ...lines: readonly string[]): Command {
  const title = lines.length === 1 ? 'Example:' : 'Examples:'
  return command.addHelpText('after', `\n${[title, ...lines.map((line) => `  ${line}`)].join('\n')}`)
}
