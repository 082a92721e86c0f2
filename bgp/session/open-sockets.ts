import { KernelSockets } from './kernel-sockets.ts'
import { loadLibc } from './libc.ts'
import { PlainSockets } from './plain-sockets.ts'
import type { Sockets } from './sockets.ts'

/** Those of the kernel or, where libc cannot be called on this machine, those of node:net alone. */
export async function openSockets(): Promise<Sockets> {
  try {
    return new KernelSockets(await loadLibc())
  } catch (error) {
    return new PlainSockets(error instanceof Error ? error.message : String(error))
  }
}
