/** Two network namespaces with a link between them, for tests against other speakers; gone after the test, also when it fails. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import { parseCidr } from '../../src/net/prefix.ts'
import type { PeerConfig, PeerRange, SpeakerOptions } from '../peer.ts'
import { address, peerConfig } from './fixture.ts'
import type { Order, Report } from './speaker-process.ts'

export type StartOrder = Extract<Order, { type: 'start' }>

const run = promisify(execFile)

export class NamespaceLab {
  /** Ours has 10.99.0.1 and fd99::1, theirs 10.99.0.2 and fd99::2. */
  readonly ours: string
  readonly theirs: string
  readonly directory: string

  private constructor(tag: string, directory: string) {
    this.ours = `tbgp${process.pid}${tag}a`
    this.theirs = `tbgp${process.pid}${tag}b`
    this.directory = directory
  }

  /** @param tag one or two letters, unique in the file */
  static async create(t: Test, tag: string): Promise<NamespaceLab> {
    const lab = new NamespaceLab(tag, await mkdtemp(join(tmpdir(), 'tortie-bgp-')))
    t.teardown(() => lab.#destroy())
    const { ours, theirs } = lab
    for (const name of [ours, theirs]) await run('ip', ['netns', 'add', name])
    await lab.connect()
    return lab
  }

  /** The link between the two, with its addresses; again, when it was deleted. */
  async connect(): Promise<void> {
    const { ours, theirs } = this
    await run('ip', ['link', 'add', 'eth0', 'netns', ours, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', theirs])
    for (const [name, last] of [[ours, 1] as const, [theirs, 2] as const]) {
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
      await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up'])
      await run('ip', ['-n', name, 'addr', 'add', `10.99.0.${last}/24`, 'dev', 'eth0'])
      await run('ip', ['-n', name, '-6', 'addr', 'add', `fd99::${last}/64`, 'dev', 'eth0', 'nodad'])
    }
  }

  async file(name: string, text: string): Promise<string> {
    const path = join(this.directory, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }

  /** Standard output of a command in a namespace. */
  async inside(namespace: string, command: string, ...args: readonly string[]): Promise<string> {
    return (await run('ip', ['netns', 'exec', namespace, command, ...args], { maxBuffer: 64 << 20 })).stdout
  }

  /** A process in a namespace, ended with the test. */
  start(t: Test, namespace: string, command: string, args: readonly string[], ipc = false): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', namespace, command, ...args], {
      stdio: ['ignore', 'ignore', 'inherit', ...(ipc ? (['ipc'] as const) : [])],
    })
    t.teardown(() => end(child))
    return child
  }

  async #destroy(): Promise<void> {
    for (const name of [this.ours, this.theirs]) await run('ip', ['netns', 'del', name]).catch(gone)
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** Our speaker in the lab. */
export class LabSpeaker {
  readonly process: ChildProcess

  constructor(t: Test, lab: NamespaceLab, start: StartOrder) {
    const script = join(import.meta.dirname, 'speaker-process.ts')
    this.process = lab.start(t, lab.ours, process.execPath, [script], true)
    this.process.send(start)
  }

  setPeers(peers: readonly PeerConfig[], ranges: readonly PeerRange[] = []): void {
    this.process.send({ type: 'peers', peers, ranges } satisfies Order)
  }

  report(): Promise<Report> {
    return new Promise((resolve) => {
      this.process.once('message', (report: Report) => resolve(report))
      this.process.send({ type: 'report' })
    })
  }

  /** Waits until the speaker reports what is wanted; the test's own timeout is the limit. */
  async until(condition: (report: Report) => boolean): Promise<Report> {
    for (;;) {
      const report = await this.report()
      if (condition(report)) return report
      await pause(50)
    }
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    await end(this.process)
  }
}

/** Our side of the lab: AS 65001, two prefixes, one peer of AS 65002 with both families and hold time 9; but for the changes. */
export function labOrder(peer: Partial<PeerConfig>, options: Partial<SpeakerOptions> = {}): StartOrder {
  const families = ['ipv4-unicast', 'ipv6-unicast'] as const
  return {
    type: 'start',
    options: {
      asNumber: asn(65001),
      routerId: 0x0a63_0001,
      listenAddresses: [address('10.99.0.1')],
      listenPort: 179,
      localAddress: { ipv4: address('10.99.0.1'), ipv6: address('fd99::1') },
      restarting: false,
      restartTimeSec: 120,
      ...options,
    },
    peers: [peerConfig({ name: 'theirs', address: address('10.99.0.2'), port: 179, holdTimeSec: 9, families, ...peer })],
    originate: ['10.244.1.0/24', 'fd00:1::/64'].flatMap((text) => parseCidr(text) ?? []),
  }
}

/** Waits until a command's output matches; what it fails with while the other speaker comes up is tried again. */
export async function untilOutput(read: () => Promise<string>, wanted: RegExp): Promise<string> {
  for (;;) {
    const output = await read().catch((error: Error & { stdout?: string }) => error.stdout ?? error.message)
    if (wanted.test(output)) return output
    await pause(100)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
}

/** Deleting what was never made is fine: the test failed before. */
function gone(): void {}
