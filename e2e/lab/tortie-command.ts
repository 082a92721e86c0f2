import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { agentCommand } from './agent-command.ts'
import type { TortieNode } from './tortie-node.ts'

export type CommandResult = { readonly code: number | null; readonly out: string; readonly err: string }

/** A `tortie` command that runs on a node, as an operator would start it there. */
export class TortieCommand {
  readonly child: ChildProcess
  out = ''
  err = ''
  readonly #ended: Promise<unknown>

  constructor(node: TortieNode, args: readonly string[], input = '') {
    const env = { ...process.env, TORTIE_SERVER: `unix:${node.socketPath}` }
    this.child = spawn('ip', ['netns', 'exec', node.namespace.name, ...agentCommand(), ...args], { env, stdio: 'pipe' })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text))
    this.child.stdin?.end(input)
    this.#ended = once(this.child, 'close')
  }

  async result(): Promise<CommandResult> {
    await this.#ended
    return { code: this.child.exitCode, out: this.out, err: this.err }
  }
}

/** One command line, split at spaces, run to its end. */
export function tortieOn(node: TortieNode): (line: string, input?: string) => Promise<CommandResult> {
  return (line, input) => new TortieCommand(node, line.split(' '), input).result()
}
