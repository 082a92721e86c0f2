import path from 'node:path'
import { execa } from 'execa'
import type { DockerEngine } from './docker-engine.ts'

const repository = path.join(import.meta.dirname, '../..')

/** docker-compose.yml of the repository, brought up under a name of its own. */
export class ComposeProject {
  readonly name = `tortie-e2e-${process.pid}`
  readonly #engine: DockerEngine
  readonly #command: readonly string[]
  readonly #containers = new Map<string, string>()

  private constructor(engine: DockerEngine, command: readonly string[]) {
    this.#engine = engine
    this.#command = command
  }

  /** With the plugin of the docker command if it is there, else docker-compose. */
  static async open(engine: DockerEngine): Promise<ComposeProject> {
    const plugin = await execa('docker', ['compose', 'version'], { reject: false })
    return new ComposeProject(engine, plugin.exitCode === 0 ? ['docker', 'compose'] : ['docker-compose'])
  }

  get env(): Readonly<Record<string, string>> {
    return { ...this.#engine.env, COMPOSE_PROJECT_NAME: this.name, COMPOSE: this.#command.join(' ') }
  }

  /** One compose command; what it printed on stdout. @throws with the command and its stderr when it fails */
  async run(...args: readonly string[]): Promise<string> {
    const [command = 'docker-compose', ...first] = this.#command
    const { stdout } = await execa(command, [...first, ...args], { cwd: repository, env: this.env })
    return stdout
  }

  /** deploy/compose/connect-pods.sh, as README has it. */
  async connectPods(): Promise<string> {
    const { stdout } = await execa('deploy/compose/connect-pods.sh', { cwd: repository, env: this.env })
    return stdout
  }

  /** Runs a command in the container of a service. @throws with the command and its stderr when it fails */
  async exec(service: string, ...command: readonly string[]): Promise<string> {
    return this.#engine.docker('exec', await this.container(service), ...command)
  }

  /** As `exec`: whether it succeeded. */
  async succeeds(service: string, ...command: readonly string[]): Promise<boolean> {
    const { exitCode } = await execa('docker', ['exec', await this.container(service), ...command], { env: this.env, reject: false })
    return exitCode === 0
  }

  /** One field of `docker inspect`: "{{.State.ExitCode}}". */
  async inspect(service: string, format: string): Promise<string> {
    return this.#engine.docker('inspect', '-f', format, await this.container(service))
  }

  async container(service: string): Promise<string> {
    const known = this.#containers.get(service)
    if (known !== undefined) return known
    const label = `label=com.docker.compose.service=${service}`
    const id = await this.#engine.docker('ps', '-aq', '-f', `label=com.docker.compose.project=${this.name}`, '-f', label)
    if (id === '') throw new Error(`${service} has no container`)
    this.#containers.set(service, id)
    return id
  }

  /** Containers, networks and volumes of this project that are there. */
  async remains(): Promise<readonly string[]> {
    const mine = ['-q', '-f', `label=com.docker.compose.project=${this.name}`]
    const lists = await Promise.all(
      [
        ['ps', '-a'],
        ['network', 'ls'],
        ['volume', 'ls'],
      ].map((list) => this.#engine.docker(...list, ...mine)),
    )
    return lists.flatMap((list) => list.split('\n').filter((id) => id !== ''))
  }

  async down(): Promise<void> {
    await this.run('down', '--volumes', '--timeout', '2')
    this.#containers.clear()
  }
}
