import { type ChildProcess, spawn } from 'node:child_process'
import { execa } from 'execa'

const made = new Set<string>()

/** A network namespace of the lab's own: a machine of its own as far as the network goes. Everything started in it ends with it. */
export class Namespace {
  readonly name: string
  readonly #processes = new Set<ChildProcess>()

  private constructor(name: string) {
    this.name = name
  }

  /**
   * @param name unique on this machine: make it contain the pid. What is there under it, another process left behind that had the same one
   * and was killed.
   */
  static async create(name: string): Promise<Namespace> {
    if (made.has(name)) throw new Error(`the namespace ${name} is made twice`)
    made.add(name)
    const { failed } = await execa('ip', ['netns', 'add', name], { reject: false })
    if (failed) {
      await execa('ip', ['netns', 'del', name])
      await execa('ip', ['netns', 'add', name])
    }
    const namespace = new Namespace(name)
    await namespace.run('ip', ['link', 'set', 'lo', 'up'])
    return namespace
  }

  /** Runs a command inside and returns what it printed. @throws with the command and its stderr when it fails */
  async run(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await execa('ip', ['netns', 'exec', this.name, command, ...args])
    return stdout
  }

  /** As `run`, for `ip` itself: "route show". */
  async ip(...args: readonly string[]): Promise<string> {
    const { stdout } = await execa('ip', ['-n', this.name, ...args])
    return stdout
  }

  async sysctl(path: string, value: string): Promise<void> {
    await this.run('sysctl', ['-qw', `${path}=${value}`])
  }

  /** Starts a process that lives until it ends itself, is ended with `end`, or the namespace goes. */
  start(
    command: string,
    args: readonly string[],
    options: { readonly onOutput?: (text: string) => void; readonly ipc?: boolean } = {},
  ): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? (['ipc'] as const) : [])],
    })
    this.#processes.add(child)
    child.on('exit', () => this.#processes.delete(child))
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => options.onOutput?.(text))
    return child
  }

  /** Ends every process started here and removes the namespace; its links go with it. */
  async remove(): Promise<void> {
    await Promise.all([...this.#processes].map((child) => end(child, 'SIGKILL')))
    await execa('ip', ['netns', 'del', this.name])
    made.delete(this.name)
  }
}

/** Sends the signal and waits until the process is gone. `ip netns exec` becomes the command, so the pid is the command's own. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  await gone
}
