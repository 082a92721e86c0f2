/** <malloc.h> */
const mmapThreshold = -3
const arenaMax = -8

/** From so many octets on. */
const largeOctets = 256 * 1024
/** Threads that live for one body would each leave the holes of theirs behind. */
const arenas = 2

/**
 * Large pieces of memory come from the kernel and go back to it when they are freed. Left alone, glibc keeps up to 32 MB of each for the
 * next time (mallopt(3)), and a table that grows leaves the holes of all its sizes behind.
 * @returns false where there is no such choice: another C library, or no koffi for this machine
 */
export async function returnLargeMemory(): Promise<boolean> {
  try {
    const { default: koffi } = await import('koffi')
    const mallopt = koffi.load(null).func('int mallopt(int, int)')
    return mallopt(mmapThreshold, largeOctets) === 1 && mallopt(arenaMax, arenas) === 1
  } catch {
    return false // nothing works worse for it, it only takes more room
  }
}

/**
 * What lies free between pieces in use goes back to the kernel, too (malloc_trim(3)); it takes some milliseconds.
 * @returns false where there was nothing to return, or as `returnLargeMemory`
 */
export async function returnFreeMemory(): Promise<boolean> {
  try {
    const { default: koffi } = await import('koffi')
    return koffi.load(null).func('int malloc_trim(size_t)')(0) === 1
  } catch {
    return false
  }
}
