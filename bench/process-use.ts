import { readFileSync } from 'node:fs'

/** CPU seconds and memory of a set of processes, from /proc. @property toolsCpuSec of the programs they started, once those have ended */
export type ProcessUse = { readonly cpuSec: number; readonly toolsCpuSec: number; readonly residentMb: number; readonly peakMb: number }

/** @param pids processes that are alive */
export function processUse(pids: readonly number[]): ProcessUse {
  const uses = pids.map(oneUse)
  const sum = (pick: (use: ProcessUse) => number) => uses.reduce((total, use) => total + pick(use), 0)
  return {
    cpuSec: sum((use) => use.cpuSec),
    toolsCpuSec: sum((use) => use.toolsCpuSec),
    residentMb: Math.round(sum((use) => use.residentMb)),
    peakMb: Math.round(sum((use) => use.peakMb)),
  }
}

function oneUse(pid: number): ProcessUse {
  // proc(5): utime and stime are the 14th and 15th fields, those of children the next two, in ticks of 10 ms; the name before them may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0)
  return {
    cpuSec: (Number(fields[11]) + Number(fields[12])) / 100,
    toolsCpuSec: (Number(fields[13]) + Number(fields[14])) / 100,
    residentMb: kilobytes('VmRSS') / 1024,
    peakMb: kilobytes('VmHWM') / 1024,
  }
}
