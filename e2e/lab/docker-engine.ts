import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { end, Namespace } from './namespace.ts'
import { until } from './until.ts'

/** Where an engine of our own keeps what it has: not /tmp, which may be in memory and without devices. */
const parentDirectory = '/var/tmp'
/** The machine's network as it is: no bridge, no rule, no setting. Enough to build with `network: host`. */
const untouchedNetwork = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false']

/**
 * A Docker engine: the machine's own if one answers, else one started here with data, sockets and network namespace of its own, so that
 * the bridges and rules Docker makes are not this machine's. In that namespace there is no Internet; images are built before it is entered.
 */
export class DockerEngine {
  /** For every command that talks to the engine. */
  readonly env: Readonly<Record<string, string>>
  readonly #own: { readonly directory: string; readonly network: Namespace } | undefined
  #process: ChildProcess | undefined

  private constructor(own?: { readonly directory: string; readonly network: Namespace }) {
    this.#own = own
    this.env = own === undefined ? {} : { DOCKER_HOST: `unix://${own.directory}/docker.sock` }
  }

  /** The engine that answers, or a new one that can build. */
  static async open(): Promise<DockerEngine> {
    const machines = new DockerEngine()
    if (await machines.#answers()) return machines
    const network = await Namespace.create(`tort${process.pid}-docker`)
    const directory = await mkdtemp(path.join(parentDirectory, 'tortie-docker-'))
    const engine = new DockerEngine({ directory, network })
    try {
      await engine.#start('dockerd', untouchedNetwork)
    } catch (error) {
      await engine.close()
      throw error
    }
    return engine
  }

  get isOwn(): boolean {
    return this.#own !== undefined
  }

  /** A place for large files that goes with the engine; undefined with an engine that is not ours. */
  get directory(): string | undefined {
    return this.#own?.directory
  }

  /** From building to running: an engine of our own goes on in its network namespace, with all it has built. */
  async enterNetwork(): Promise<void> {
    if (this.#own === undefined) return
    await this.#stop()
    // Not "ip netns exec": it hides the mounted cgroups.
    await this.#start('nsenter', [`--net=/run/netns/${this.#own.network.name}`, 'dockerd'])
  }

  /** One `docker` command; what it printed. @throws with the command and its stderr when it fails */
  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await execa('docker', args, { env: this.env })
    return stdout
  }

  /** Ends the engine if it was started here and removes all it had. Safe to call in any state. */
  async close(): Promise<void> {
    if (this.#own === undefined) return
    const { directory, network } = this.#own
    await this.#stop()
    await network.remove()
    await unmountBelow(directory)
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) // what was interrupted may still write
  }

  async #answers(): Promise<boolean> {
    return (await execa('docker', ['info'], { env: this.env, reject: false })).exitCode === 0
  }

  async #start(command: string, args: readonly string[]): Promise<void> {
    const directory = this.#own?.directory ?? ''
    for (const name of ['data', 'exec']) await mkdir(path.join(directory, name), { recursive: true })
    const places = ['--data-root', 'data', '--exec-root', 'exec', '--pidfile', 'pid', '--host', 'docker.sock'].map((word) =>
      word.startsWith('--') ? word : `${word === 'docker.sock' ? 'unix://' : ''}${path.join(directory, word)}`,
    )
    const log = await open(path.join(directory, 'log'), 'a')
    // A process group of its own: Ctrl-C is for us, who then end it in order.
    const child = spawn(command, [...args, ...places], { stdio: ['ignore', log.fd, log.fd], detached: true })
    this.#process = child
    await log.close()
    await until('dockerd answers', async () => {
      if (child.exitCode !== null) throw new Error(`dockerd ended: ${(await readFile(path.join(directory, 'log'), 'utf8')).slice(-2000)}`)
      return await this.#answers()
    })
  }

  async #stop(): Promise<void> {
    if (this.#process !== undefined) await end(this.#process, 'SIGTERM')
    this.#process = undefined
  }
}

/** What the engine leaves mounted: the network namespaces of its containers. Deepest first. */
async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
  for (const mount of mounts.filter((point) => point.startsWith(`${directory}/`)).toReversed()) await execa('umount', [mount])
}
