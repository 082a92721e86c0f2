import type { Logger } from 'pino'
import type { IpAddress } from '../../src/net/address.ts'
import { CheckSchedule } from '../check-schedule.ts'
import type { ObjectStatus, TableReport, Tunnel } from '../kernel.ts'
import { type Refusal, refusalText } from './kernel-route.ts'
import type { LinkView } from './link-view.ts'
import type { KernelAddress } from './netlink-address.ts'
import type { KernelLink } from './netlink-link.ts'
import type { NetworkKernel } from './network-kernel.ts'
import { type ActualTunnel, isOurs, planRemoval, planTunnel, TUNNEL_LABEL, type TunnelStep } from './tunnel-plan.ts'

export type TunnelTableDependencies = {
  readonly kernel: Pick<NetworkKernel, 'links' | 'addresses' | 'makeIpip' | 'changeLink' | 'changeAddress'>
  readonly links: LinkView
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** The device is up, or down, now by our doing. */
  readonly onUpOrDown: () => void
  /** Whether the kernel has a route of ours over this device. */
  readonly usesDevice: (index: number) => boolean
}

/** The device as it is wanted beside what the kernel has. */
export type TunnelView = {
  readonly name: string
  readonly wanted?: { readonly address: IpAddress; readonly mtu: number }
  readonly programmed?: { readonly up: boolean; readonly mtu: number; readonly addresses: readonly { address: IpAddress; ours: boolean }[] }
  readonly status: ObjectStatus
}

const NAME = 'tunl0'
/** Steps of one apply; each is looked at again afterwards, so this is never reached unless somebody undoes them meanwhile. */
const MOST_ROUNDS = 4

/**
 * The IP-in-IP device `tunl0`. Ours is what has our label; it knows no history, so an agent that starts finds its own again.
 *
 * It starts no process while nothing changed: what is in the kernel is read again after our own steps and where somebody told of a change.
 */
export class TunnelTable {
  readonly #dependencies: TunnelTableDependencies
  readonly #schedule = new CheckSchedule()
  #wanted: Tunnel | undefined
  #addresses: readonly KernelAddress[] | undefined
  #reading = 0
  #failure: string | undefined
  #waitsForPolicy = false
  /** The kernel was as wanted: what differs later was changed by somebody else. */
  #confirmed = false
  #prune = false

  constructor(dependencies: TunnelTableDependencies) {
    this.#dependencies = dependencies
  }

  get dueAtMs(): number {
    return this.#schedule.dueAtMs
  }

  /** From now on, addresses of ours that nobody wants may go. */
  allowPrune(): void {
    this.#prune = true
    this.#confirmed = false
  }

  /** Addresses may have changed. */
  recheck(): void {
    this.#forget()
  }

  /** A link or its addresses changed. If it is the device, what was refused may work now. */
  linkChanged(index: number): void {
    if (this.#link()?.index !== index) return
    this.#forget()
    this.#schedule.succeeded()
  }

  /** What is wanted from now on, whole. Makes the device if it is absent, and leaves it down. */
  async make(tunnels: readonly Tunnel[]): Promise<void> {
    const [wanted] = tunnels
    if (!sameTunnel(wanted, this.#wanted)) {
      this.#confirmed = false
      this.#schedule.succeeded()
      this.#failure = undefined
    }
    this.#wanted = wanted
    if (wanted === undefined || this.#link() !== undefined || this.#isWaiting()) return
    await this.#try(async () => {
      const refusal = await this.#dependencies.kernel.makeIpip(NAME)
      if (refusal?.errno === 'ENOTSUP') return `the kernel has no ipip: ${refusalText(refusal)}`
      for (const link of await this.#dependencies.kernel.links()) {
        if (link.name === NAME) this.#dependencies.links.observe({ link, gone: false })
      }
      return this.#link() === undefined ? refusalText(refusal ?? { errno: 'ENODEV', text: `the kernel made no ${NAME}` }) : undefined
    })
  }

  /**
   * Gives the device its MTU and its address and brings it up.
   *
   * @param policed whether the rules that guard it are in the kernel: a device that is down stays so until then
   */
  async apply(policed: boolean): Promise<TableReport> {
    const wanted = this.#wanted
    const link = this.#link()
    this.#waitsForPolicy = wanted !== undefined && link?.up === false && !policed
    if (wanted === undefined || link === undefined || this.#waitsForPolicy || this.#isWaiting()) return this.#report(0, 0)
    if (!link.ipip) {
      this.#fail(`${NAME} is not an IP-in-IP device: rename or remove it`)
      return this.#report(0, 0)
    }
    const wasConfirmed = this.#confirmed
    const changed = await this.#follow((actual) => planTunnel(wanted, actual, this.#prune))
    this.#confirmed = this.#failure === undefined
    const repaired = wasConfirmed ? changed : 0
    if (repaired > 0) this.#dependencies.log.warn({ device: NAME }, 'tunnel changed by somebody else repaired')
    return this.#report(changed, repaired)
  }

  /** Takes ours away where it is not wanted any more and nothing of ours is routed over it, after `RouteTable.apply`. Gives how many steps it took. */
  async removeUnused(): Promise<number> {
    const link = this.#link()
    if (this.#wanted !== undefined || !this.#prune || link === undefined || !link.ipip || this.#isWaiting()) return 0
    let isUsed = false
    const removed = await this.#follow((actual) => {
      const steps = planRemoval(actual)
      isUsed = steps.length > 0 && this.#dependencies.usesDevice(link.index)
      return isUsed ? [] : steps
    })
    if (isUsed) this.#schedule.refused(this.#dependencies.nowMs())
    return removed
  }

  /** Whether the device is wanted or, from now or from before, ours; also where the kernel does not tell. */
  async isOurs(): Promise<boolean> {
    const link = this.#link()
    if (this.#wanted !== undefined) return true
    if (link === undefined || !link.ipip) return false
    try {
      return (await this.#read(link)).some(isOurs)
    } catch {
      return true // the apply that asks meets the same refusal, and says it
    }
  }

  /** The device while it is wanted or carries an address of ours. */
  entries(): TunnelView[] {
    const link = this.#link()
    const addresses = this.#addresses ?? []
    const isThere = link?.ipip === true && (this.#wanted !== undefined || addresses.some(isOurs))
    if (this.#wanted === undefined && !isThere) return []
    return [
      {
        name: NAME,
        ...(this.#wanted && { wanted: { address: this.#wanted.address, mtu: this.#wanted.mtu } }),
        ...(isThere && { programmed: { up: link.up, mtu: link.mtu, addresses: addresses.map(addressView) } }),
        status: this.#status(),
      },
    ]
  }

  /** Goes the steps of a plan until it is empty. Gives how many were made; why one was not is in `#failure`. */
  async #follow(plan: (actual: ActualTunnel) => readonly TunnelStep[]): Promise<number> {
    let made = 0
    await this.#try(async () => {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const link = this.#link()
        if (link === undefined) return `${NAME} went away`
        const steps = plan({ link, addresses: await this.#read(link) })
        if (steps.length === 0) return undefined
        for (const step of steps) {
          const refusal = await this.#go(link, step)
          if (refusal !== undefined) return refusalText(refusal)
          made += 1
        }
      }
      return 'somebody else undoes what is programmed'
    })
    return made
  }

  async #go(link: KernelLink, step: TunnelStep): Promise<Refusal | undefined> {
    const { kernel } = this.#dependencies
    switch (step.type) {
      case 'set-mtu':
        return this.#changed({ mtu: step.mtu }, await kernel.changeLink(link, { mtu: step.mtu }))
      case 'set-up':
      case 'set-down': {
        const up = step.type === 'set-up'
        const refusal = this.#changed({ up }, await kernel.changeLink(link, { up }))
        if (refusal === undefined) this.#dependencies.onUpOrDown()
        return refusal
      }
      case 'add-address': {
        const address = { index: link.index, family: 4, address: step.address, length: 32, label: TUNNEL_LABEL } as const
        this.#forget()
        return kernel.changeAddress('create', address)
      }
      case 'remove-address':
        this.#forget()
        return kernel.changeAddress('delete', step.address)
    }
  }

  /** What we changed ourselves need not wait for its event. */
  #changed(change: Partial<KernelLink>, refusal: Refusal | undefined): Refusal | undefined {
    const link = this.#link()
    if (refusal === undefined && link !== undefined) this.#dependencies.links.observe({ link: { ...link, ...change }, gone: false })
    return refusal
  }

  async #read(link: KernelLink): Promise<readonly KernelAddress[]> {
    if (this.#addresses !== undefined) return this.#addresses
    const reading = ++this.#reading
    const addresses = (await this.#dependencies.kernel.addresses(link)).filter(({ family }) => family === 4)
    if (reading === this.#reading) this.#addresses = addresses // else something changed meanwhile
    return addresses
  }

  #forget(): void {
    this.#addresses = undefined
    this.#reading += 1
  }

  /** @param work gives why it could not be done; what it throws is the same */
  async #try(work: () => Promise<string | undefined>): Promise<void> {
    try {
      const reason = await work()
      if (reason === undefined) this.#succeed()
      else this.#fail(reason)
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
    }
  }

  #succeed(): void {
    if (this.#failure !== undefined) this.#dependencies.log.info({ device: NAME }, 'tunnel is programmed again')
    this.#failure = undefined
    this.#schedule.succeeded()
  }

  #fail(reason: string): void {
    if (reason !== this.#failure) this.#dependencies.log.warn({ device: NAME, reason }, 'tunnel not programmed; trying again')
    this.#failure = reason
    this.#forget()
    this.#schedule.refused(this.#dependencies.nowMs())
  }

  #isWaiting(): boolean {
    return this.#schedule.isWaiting(this.#dependencies.nowMs())
  }

  #link(): KernelLink | undefined {
    return this.#dependencies.links.byName(NAME)
  }

  #status(): ObjectStatus {
    if (this.#failure !== undefined) return { state: 'failed', reason: this.#failure }
    if (this.#waitsForPolicy) return { state: 'pending', reason: 'waits for its policy, which cannot be programmed' }
    if (this.#wanted === undefined) return { state: 'pending', reason: 'not wanted any more' }
    return this.#confirmed ? { state: 'programmed' } : { state: 'pending', reason: 'not written yet' }
  }

  #report(changed: number, repaired: number): TableReport {
    const status = this.#status()
    const isTold = this.#failure !== undefined || (this.#wanted !== undefined && status.state !== 'programmed')
    return { changed, repaired, unprogrammed: new Map(isTold ? [[`tunnel ${NAME}`, status]] : []) }
  }
}

function addressView(address: KernelAddress): { address: IpAddress; ours: boolean } {
  return { address: address.address, ours: isOurs(address) }
}

function sameTunnel(a: Tunnel | undefined, b: Tunnel | undefined): boolean {
  return a?.address === b?.address && a?.mtu === b?.mtu
}
