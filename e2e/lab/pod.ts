import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { Namespace } from './namespace.ts'
import type { Answer, Probe, Request, StreamCount } from './pod-messages.ts'
import { patience, until } from './until.ts'

/** A pod: a namespace with one address, and a process in it that answers TCP and UDP on port 8080 and probes others when asked. */
export class Pod {
  readonly name: string
  readonly address: string
  readonly namespace: Namespace
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }>()
  #nextId = 1

  private constructor(name: string, address: string, namespace: Namespace) {
    this.name = name
    this.address = address
    this.namespace = namespace
    this.#process = namespace.start(
      process.execPath,
      [path.join(import.meta.dirname, `pod-process${path.extname(import.meta.filename)}`)],
      { ipc: true },
    )
    this.#process.on('message', (message: Answer) => {
      this.#waiting.get(message.id)?.resolve(message)
      this.#waiting.delete(message.id)
    })
    this.#process.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error)
    })
  }

  /**
   * Makes the namespace and the veth to its node: `hostInterface` there, eth0 here, with an on-link default route through `gateway`
   * (169.254.1.1 where the node does proxy ARP).
   */
  static async create(node: Namespace, options: { name: string; address: string; hostInterface: string; gateway?: string }): Promise<Pod> {
    const namespace = await Namespace.create(`${node.name}-${options.name}`)
    await node.ip('link', 'add', options.hostInterface, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace.name)
    await namespace.ip('addr', 'add', `${options.address}/32`, 'dev', 'eth0')
    await namespace.ip('link', 'set', 'eth0', 'up')
    const gateway = options.gateway ?? '169.254.1.1'
    await namespace.ip('route', 'add', 'default', 'via', gateway, 'dev', 'eth0', 'onlink')
    const pod = new Pod(options.name, options.address, namespace)
    await pod.#ask({ type: 'ready' })
    return pod
  }

  /** The same processes on a machine that is there already, which is not removed with them: its own servers and clients. */
  static async at(namespace: Namespace, name: string, address: string): Promise<Pod> {
    const pod = new Pod(name, address, namespace)
    await pod.#ask({ type: 'ready' })
    return pod
  }

  /** Whether a new connection gets an answer: true = through. A TCP reset counts as an answer of the network, not of the pod: false. */
  async reaches(probe: Probe, withinMs = 1500 * patience): Promise<boolean> {
    return (await this.#ask({ type: 'probe', probe, withinMs })).ok === true
  }

  /** Answers on one more port; a TCP client can stay (`connect`). */
  async listen(protocol: 'tcp' | 'udp', port: number): Promise<void> {
    await this.#ask({ type: 'listen', protocol, port })
  }

  /** A connection to a port that another pod opened with `listen`; gives a way to ask whether it still carries data both ways. */
  async connect(to: string, port: number): Promise<() => Promise<boolean>> {
    const { conversation } = await this.#ask({ type: 'connect', to, port })
    if (conversation === undefined) throw new Error(`pod ${this.name}: no connection was made`)
    return async () => (await this.#ask({ type: 'say', conversation })).ok === true
  }

  /** A second address, of IPv6, and the default route through the host side's link-local address. */
  async addIpv6(node: Namespace, address: string, hostInterface: string, device = 'eth0'): Promise<void> {
    await node.ip('link', 'set', hostInterface, 'up')
    const gateway = await until(`${hostInterface} has a link-local address`, async () => {
      const shown = await node.ip('-6', '-o', 'addr', 'show', 'dev', hostInterface, 'scope', 'link')
      return shown.includes('tentative') ? undefined : /inet6 (fe80:[0-9a-f:]+)/.exec(shown)?.[1]
    })
    await this.namespace.ip('addr', 'add', `${address}/128`, 'dev', device, 'nodad')
    await this.namespace.ip('-6', 'route', 'replace', 'default', 'via', gateway, 'dev', device, 'onlink')
  }

  /** As `reaches`, quicker where nothing is expected: a silence is not waited for as long as an answer that must come. */
  async isThrough(probe: Probe, expected: boolean): Promise<boolean> {
    return expected ? this.reaches(probe) : this.reaches(probe, 600 * patience)
  }

  /** Starts sending numbered datagrams to `to` (another pod's port 8081), `perSecond` each second, and counting what comes from there. */
  async startStream(to: string, perSecond: number): Promise<void> {
    await this.#ask({ type: 'start-stream', to, perSecond })
  }

  /** Stops sending; the number of datagrams sent. */
  async stopSending(): Promise<number> {
    return (await this.#ask({ type: 'stop-sending' })).sent ?? 0
  }

  /** What came so far. @param sent what the other side says it has sent: the last datagrams may be the lost ones */
  async streamCount(sent: number): Promise<StreamCount> {
    const { count } = await this.#ask({ type: 'stream-count', sent })
    if (count === undefined) throw new Error(`pod ${this.name}: no stream was started`)
    return count
  }

  async remove(): Promise<void> {
    await this.namespace.remove()
  }

  #ask(request: Request): Promise<Answer> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ ...request, id }, (error) => {
        if (error !== null) reject(new Error(`pod ${this.name} is gone`, { cause: error }))
      })
    })
  }
}
