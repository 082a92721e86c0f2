import type { KernelRoute } from './kernel-route.ts'
import type { AddressMessage } from './netlink-address.ts'
import type { LinkMessage } from './netlink-link.ts'

/** What somebody else did to the kernel. `lost`: events are missing or cannot be told apart, so everything has to be read again. */
export type KernelEvent =
  | { readonly type: 'link'; readonly message: LinkMessage }
  | { readonly type: 'address'; readonly message: AddressMessage }
  | { readonly type: 'route'; readonly route: KernelRoute; readonly change: 'added' | 'replaced' | 'removed' }
  | { readonly type: 'lost' }

/** Listens for changes until closed; then the process may end. */
export interface Monitor {
  close(): Promise<void>
}

export type MonitorDependencies = {
  readonly onEvents: (events: readonly KernelEvent[]) => void
  /** Listening has ended by itself: nothing is heard any more. */
  readonly onError: (error: unknown) => void
}
