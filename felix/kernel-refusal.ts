import type { Family } from '../src/net/address.ts'
import type { ProcessResult, Run } from '../src/os/process.ts'

/** @property line the line of the input the tool named, where it named one that says something */
export type Refusal = { readonly reason: string; readonly line?: string }

const knownCauses: readonly [pattern: RegExp, sentence: string | ((command: string) => string)][] = [
  // modprobe may add "Operation not permitted", which is not about iptables
  [/iptables who\?|could not insert '?ip6?_tables/i, (command) => legacyLack(command.startsWith('ip6') ? 6 : 4)],
  [/TABLE_ADD failed \(Operation not supported\)/, 'the kernel refuses nft tables: choose felix.iptablesBackend "legacy"'],
  [/permission denied|operation not permitted|you must be root/i, 'run Tortie as root or with CAP_NET_ADMIN and CAP_NET_RAW'],
  [/table does not exist|do you need to insmod/i, 'the kernel lacks this table: load its module or choose felix.iptablesBackend "nft"'],
  [
    /failed to initialize nft|protocol not supported/i,
    'the kernel lacks nf_tables: load its module or choose felix.iptablesBackend "legacy"',
  ],
  [/currently holding the xtables lock/i, 'another program holds the xtables lock; it is tried again'],
  [/cannot open session to kernel/i, 'the kernel lacks IP sets: load the module ip_set'],
]

/**
 * Why a command of iptables or ipset failed, as one sentence: the tool's own words, the line of its input they are about, and what to
 * do where that is known.
 */
export function refusalOf(command: string, result: ProcessResult, input = ''): Refusal {
  const words = toolWords(result.stderr)
  const lineNumber = /line:? (\d+)/.exec(result.stderr)?.[1]
  const named = lineNumber === undefined ? undefined : input.split('\n')[Number(lineNumber) - 1]
  const line = named === undefined || named === 'COMMIT' || named === '' ? undefined : named
  const cause = result.missingPackage === undefined ? knownCauses.find(([pattern]) => pattern.test(result.stderr))?.[1] : undefined
  const advice = typeof cause === 'function' ? cause(command) : cause
  const said = words === '' ? `${command} failed with exit code ${result.exitCode}` : words
  return {
    reason: [said, line === undefined ? '' : ` in "${line}"`, advice === undefined ? '' : `: ${advice}`].join(''),
    ...(line === undefined ? {} : { line }),
  }
}

/** What is missing for legacy iptables, and what to do. */
export function legacyLack(family: Family): string {
  const module = family === 4 ? 'ip_tables' : 'ip6_tables'
  return `the kernel has no ${module}, and the agent may load no modules: run "modprobe ${module}", at boot by deploy/systemd/modules-load.conf`
}

/** Whether another program had the xtables lock for as long as the tool would wait. */
export function isLockHeld({ exitCode, stderr }: ProcessResult): boolean {
  return exitCode !== 0 && /holding the xtables lock/i.test(stderr)
}

/** Whether it is not about what was written, so that writing less would not help. */
export function isGeneral({ exitCode, stderr }: ProcessResult): boolean {
  return exitCode >= 124 || knownCauses.some(([pattern]) => pattern.test(stderr))
}

/** Whether the kernel has no such part at all, so that nothing can be there. */
export function kernelLacks({ exitCode, stderr }: ProcessResult): boolean {
  return exitCode !== 0 && /failed to initialize nft|protocol not supported|cannot open session to kernel/i.test(stderr)
}

/** Runs programs as `run` does, and tells why each one failed that did. */
export function notingRefusals(run: Run, note: (reason: string) => void): Run {
  return async (command, args, options) => {
    const result = await run(command, args, options)
    if (result.exitCode !== 0) note(refusalOf(command, result, options.input).reason)
    return result
  }
}

/** The tool's words in one line, without its name, version and pointers to its help. */
function toolWords(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !/^(Try `|Error occurred at line|# Warning|modprobe: )/.test(line))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
    .replace(/^(ip6?tables[\w-]*|ipset) v[\d.]+( \(\w+\))?: /, '$1: ')
    .replace(/^ipset: Error in line \d+: /, 'ipset: ')
    .replace(/[\s.]+$/, '')
}
