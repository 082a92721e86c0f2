import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough, type Readable } from 'node:stream'

export type SecondKernelOptions = {
  /** An absolute path and arguments, none with a space in it. The kernel adds one of its own, `console=tty0`. */
  readonly command: readonly string[]
  /** Of the kernel: "ipv6.disable=1". Default: none. */
  readonly parameters?: readonly string[]
  /** The command is killed after this time; the kernel, should it hang itself, a little later. */
  readonly withinSec: number
}

const init = path.join(import.meta.dirname, 'second-kernel-init.sh')
/** For boot, modules and power off, which take about 2 s together. */
const surroundingsSec = 30

/**
 * User-mode Linux (Debian's `user-mode-linux`) as a process on this machine: a kernel of its own that has IP-in-IP, on this machine's
 * files, which it can read but not write (TMPDIR is its own). It has one processor and runs Node.js five to ten times slower than this
 * machine does; of iptables it has the legacy kind only (its nf_tables knows no family `ip`), which the agents find out by themselves.
 */
export class SecondKernel {
  /** What the command printed on its standard output, and nothing else. */
  readonly output: Readable
  /** The kernel's console and the command's standard error. */
  log = ''
  readonly #process: ChildProcess
  readonly #gone: Promise<void>

  private constructor(child: ChildProcess, output: PassThrough, withinSec: number) {
    this.#process = child
    this.output = output
    child.stdout?.pipe(output, { end: false })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log = (this.log + text).slice(-50_000)
    })
    const unplug = setTimeout(() => this.#unplug(), (withinSec + surroundingsSec) * 1000)
    child.once('error', (error) => {
      this.log += `linux.uml: ${error.message}\n`
    })
    this.#gone = new Promise((resolve) =>
      child.once('close', () => {
        clearTimeout(unplug)
        output.end()
        resolve()
      }),
    )
  }

  /** Boots it and runs one command as root at the top of the source tree; when that ends, so does the kernel. */
  static run({ command, parameters = [], withinSec }: SecondKernelOptions): SecondKernel {
    const files = ['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${init}`]
    // A console takes its input from a descriptor of its own: 0 and 3 are both empty.
    const consoles = ['con=null', 'con0=fd:0,fd:2', 'con1=fd:3,fd:1', 'quiet']
    const directory = mkdtempSync(path.join(os.tmpdir(), 'second-kernel-'))
    const own = ['mem=2G', `uml_dir=${directory}/`]
    const child = spawn('linux.uml', [...own, ...files, ...consoles, ...parameters, '--', String(withinSec), ...command], {
      stdio: ['ignore', 'pipe', 'pipe', 'ignore'],
      // Its processes are processes here, too: in a group of their own they end together.
      detached: true,
    })
    child.once('close', () => rmSync(directory, { recursive: true, force: true }))
    return new SecondKernel(child, new PassThrough(), withinSec)
  }

  /** The command's exit status (137: it was killed for taking too long), once the kernel is down; undefined when it did not come that far. */
  async ended(): Promise<number | undefined> {
    await this.#gone
    const status = /^exit status (\d+)$/m.exec(this.log)?.[1]
    return status === undefined ? undefined : Number(status)
  }

  /** Pulls the plug if it still runs; resolves once nothing of it is left. */
  async remove(): Promise<void> {
    this.#unplug()
    await this.#gone
  }

  #unplug(): void {
    const { pid, exitCode, signalCode } = this.#process
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
  }
}
