/** What the agent may do to this machine: it gives up every capability (capabilities(7)) but those it works with, for good. */
import { readFileSync } from 'node:fs'

/** Bits of <linux/capability.h>. */
export const needed = { NET_BIND_SERVICE: 10, NET_ADMIN: 12, NET_RAW: 13 } as const

/** Capability sets as /proc/PID/status shows them. */
export type CapabilitySets = {
  readonly root: boolean
  readonly inheritable: bigint
  readonly permitted: bigint
  readonly bounding: bigint
  readonly ambient: bigint
}

const neededMask = Object.values(needed).reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n)

/**
 * V8's own 64 MB of young generation, twice, are soon all in use where much is stored, and collecting them more often costs nothing that
 * could be measured. It cannot be changed any more once a process runs. What the command line says wins.
 */
export const heapFlags: readonly string[] = ['--max-semi-space-size=16']

/** Set once the process has replaced itself, so that it does so only once. */
const marker = 'TORTIE_CAPABILITIES_DROPPED'

/**
 * Replaces this process by the same command with the needed capabilities only, and no_new_privs: all its threads and every program it
 * will start have no more than these, and nothing gets them back. The process id, files and environment stay. Once it starts anew
 * anyway, it does so with a smaller heap. Returns where there is nothing to give up or it cannot be done; `excessCapabilities` then says
 * which.
 */
export async function dropCapabilities(): Promise<void> {
  const sets = ownSets()
  if (excess(sets) === 0n || process.env[marker] !== undefined || process.execve === undefined) return
  try {
    await restrict(sets)
  } catch {
    return // no koffi for this machine: the warning in the status is the answer
  }
  const command = [process.execPath, ...heapFlags, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, command, { ...process.env, [marker]: '1' })
}

/** The sentence for the status if this process may do more than it needs to. */
export function excessCapabilities(): string | undefined {
  const more = excess(ownSets())
  if (more === 0n) return undefined
  return `the agent could not give up the capabilities that it does not need (mask ${more.toString(16)}): give it CAP_SETPCAP, or start it with NET_ADMIN, NET_RAW and NET_BIND_SERVICE only`
}

/** Reads /proc/PID/status. */
export function readSets(status: string): CapabilitySets {
  const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\t([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`)
  const root = /^Uid:\t\d+\t0\t/m.test(status)
  return { root, inheritable: mask('CapInh'), permitted: mask('CapPrm'), bounding: mask('CapBnd'), ambient: mask('CapAmb') }
}

/** What this process, or a program that it starts, has or can get beyond what is needed. For others than root the bounding set gives nothing. */
export function excess({ root, inheritable, permitted, bounding, ambient }: CapabilitySets): bigint {
  return (permitted | ambient | (root ? inheritable | bounding : 0n)) & ~neededMask
}

function ownSets(): CapabilitySets {
  return readSets(readFileSync('/proc/self/status', 'utf8'))
}

const PR_CAPBSET_DROP = 24
const PR_SET_NO_NEW_PRIVS = 38
const PR_CAP_AMBIENT = 47
const PR_CAP_AMBIENT_LOWER = 3
const capabilityVersion3 = 0x2008_0522

/** Of this thread, which is the one that execve keeps. What is refused stays, and is seen afterwards. */
async function restrict({ permitted, inheritable, bounding, ambient }: CapabilitySets): Promise<void> {
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  const prctl = libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)')
  const capset = libc.func('int capset(const void *, const void *)')
  for (const bit of bits(bounding & ~neededMask)) prctl(PR_CAPBSET_DROP, bit, 0, 0, 0)
  for (const bit of bits(ambient & ~neededMask)) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, bit, 0, 0)
  // {effective, permitted, inheritable} of the low, then of the high 32 bits
  const kept = [permitted & neededMask, permitted & neededMask, inheritable & neededMask]
  const sets = Uint32Array.from([...kept.map((mask) => Number(mask & 0xffff_ffffn)), ...kept.map((mask) => Number(mask >> 32n))])
  capset(Uint32Array.of(capabilityVersion3, 0), sets)
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

function bits(mask: bigint): readonly number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n)
}
