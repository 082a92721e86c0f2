/** M_MMAP_THRESHOLD of <malloc.h>. */
const mmapThreshold = -3

/** From so many octets on. */
const largeOctets = 256 * 1024

/**
 * Large pieces of memory come from the kernel and go back to it when they are freed. Left alone, glibc keeps up to 32 MB of each for the
 * next time (mallopt(3)), and a table that grows leaves the holes of all its sizes behind.
 * @returns false where there is no such choice: another C library, or no koffi for this machine
 */
export async function returnLargeMemory(): Promise<boolean> {
  try {
    const { default: koffi } = await import('koffi')
    const mallopt = koffi.load(null).func('int mallopt(int, int)')
    return mallopt(mmapThreshold, largeOctets) === 1
  } catch {
    return false // nothing works worse for it, it only takes more room
  }
}
