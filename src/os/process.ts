import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { execa } from 'execa'
import { posixSpawn, type Start, StartError, type Started } from './posix-spawn.ts'

export type ProcessOptions = {
  /** Written to the process's standard input, which is then closed. Without it the process reads end-of-file. */
  readonly input?: string
  /** After this time the process gets SIGTERM, and SIGKILL 5 s later; what a program of its own still holds of its outputs is not waited for then. */
  readonly timeoutMs: number
  /** Ends the process when it fires. */
  readonly signal?: AbortSignal
  /** Told the process id as soon as there is one. */
  readonly onStart?: (pid: number) => void
  /** Given its standard output in parts, the next one once it is done with the one before; `stdout` of the result is empty then. */
  readonly onOutput?: OnOutput
}

/** @param part up to 64 KiB, not of whole lines */
export type OnOutput = (part: string) => Promise<void>

/**
 * How a process ended. Where it did not end by itself, `exitCode` is what a shell would say (124 timed out, 126 cannot be started,
 * 127 not installed, 128 ended by a signal) and `stderr` closes with the sentence for the operator.
 *
 * @property missingPackage the Debian package to install, when the program is not there
 */
export type ProcessResult = {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly missingPackage?: string
}

/** The type of `run`, for parts that are given it. */
export type Run = (command: string, args: readonly string[], options: ProcessOptions) => Promise<ProcessResult>

/** How a process ended, `exitCode` undefined where it did not by itself. */
type Outcome = {
  readonly exitCode?: number | undefined
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  readonly isCanceled: boolean
  readonly signal?: string | undefined
  /** Why it could not be started: the errno name, and the sentence with it. */
  readonly code?: string | undefined
  readonly originalMessage?: string | undefined
}

/**
 * All that a program is given: where the system's programs are, and the one language whose messages we know. Nobody's PATH chooses what
 * runs with our capabilities, and no secret in our environment is handed on.
 */
export const childEnvironment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }

const FORCE_KILL_MS = 5_000

/** Runs a program to its end with array arguments, never through a shell. Never rejects: every failure is in the result. */
export const run: Run = async (command, args, options) => await runWith(await posixSpawn(), command, args, options)

/** @see run @param start undefined: as Node.js does */
export async function runWith(start: Start | undefined, ...[command, args, options]: Parameters<Run>): Promise<ProcessResult> {
  const result = await (start === undefined ? runByFork(command, args, options) : runStarted(start, command, args, options))
  const { exitCode, stdout, stderr } = result
  if (exitCode !== undefined) return { exitCode, stdout, stderr }
  const missingPackage = result.code === 'ENOENT' ? debianPackage(command) : undefined
  const sentence = missingPackage === undefined ? abnormalEnd(command, options, result) : missing(command, missingPackage)
  return {
    exitCode: abnormalExitCode(result),
    stdout,
    stderr: stderr === '' ? sentence : `${stderr.trimEnd()}\n${sentence}`,
    ...(missingPackage === undefined ? {} : { missingPackage }),
  }
}

async function runStarted(start: Start, command: string, args: readonly string[], options: ProcessOptions): Promise<Outcome> {
  let program: Started
  try {
    program = start(command, args, childEnvironment, options.input ?? '')
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const { code, message } = error
    return { stdout: '', stderr: '', timedOut: false, isCanceled: false, code, originalMessage: message }
  }
  options.onStart?.(program.pid)
  const stopping = new Stopping(program, options)
  const [stdout, stderr] = await Promise.all([readAll(program.stdout, options.onOutput), readAll(program.stderr)])
  const ending = await program.ended()
  stopping.over()
  return { ...ending, stdout, stderr, timedOut: stopping.reason === 'timeout', isCanceled: stopping.reason === 'signal' }
}

/** @returns all that was written until the end, or until it was destroyed; nothing where it was handed on */
async function readAll(output: Readable, onOutput?: OnOutput): Promise<string> {
  output.setEncoding('utf8')
  if (onOutput !== undefined) return await handOn(output, onOutput)
  let text = ''
  output.on('data', (part: string) => {
    text += part
  })
  await once(output, 'close')
  return text
}

/** A paused stream may still give what it has read. */
async function handOn(output: Readable, onOutput: OnOutput): Promise<''> {
  let waiting = 0
  let handed = Promise.resolve()
  output.on('data', (part: string) => {
    output.pause()
    waiting += 1
    handed = handed
      .then(() => onOutput(part))
      .finally(() => {
        waiting -= 1
        if (waiting === 0) output.resume()
      })
  })
  await once(output, 'close')
  await handed
  return ''
}

/** Ends a program that takes too long or is not needed any more. */
class Stopping {
  reason: 'timeout' | 'signal' | undefined
  readonly over: () => void

  constructor({ pid, stdout, stderr }: Started, { timeoutMs, signal }: ProcessOptions) {
    let killing: NodeJS.Timeout | undefined
    const stop = (reason: 'timeout' | 'signal') => {
      if (this.reason !== undefined) return
      this.reason = reason
      kill(pid, 'SIGTERM')
      killing = setTimeout(() => {
        kill(pid, 'SIGKILL')
        stdout.destroy()
        stderr.destroy()
      }, FORCE_KILL_MS)
    }
    const timer = setTimeout(() => stop('timeout'), timeoutMs)
    const onAbort = () => stop('signal')
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort)
    this.over = () => {
      clearTimeout(timer)
      clearTimeout(killing)
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error // it has ended just now
  }
}

/** Where posix_spawn(3) cannot be called. */
async function runByFork(command: string, args: readonly string[], options: ProcessOptions): Promise<Outcome> {
  const running = execa(command, args, {
    reject: false,
    stripFinalNewline: false,
    input: options.input ?? '',
    timeout: options.timeoutMs,
    forceKillAfterDelay: FORCE_KILL_MS,
    maxBuffer: 1024 * 1024 * 1024,
    buffer: { stdout: options.onOutput === undefined },
    env: childEnvironment,
    extendEnv: false,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  })
  if (running.pid !== undefined) options.onStart?.(running.pid)
  const handed = options.onOutput && readAll(running.stdout, options.onOutput)
  const giveUp = setTimeout(() => {
    running.stdout.destroy()
    running.stderr.destroy()
  }, options.timeoutMs + FORCE_KILL_MS)
  const { stdout = '', stderr, exitCode, timedOut, isCanceled, signal, code, originalMessage } = await running
  clearTimeout(giveUp)
  return { stdout: (await handed) ?? stdout, stderr, exitCode, timedOut, isCanceled, signal, code, originalMessage }
}

function debianPackage(command: string): string {
  if (/^(ip6?tables|ebtables|arptables)/.test(command)) return 'iptables'
  const packages: Record<string, string> = { ip: 'iproute2', bridge: 'iproute2', tc: 'iproute2', nft: 'nftables', sysctl: 'procps' }
  return packages[command] ?? command
}

function missing(command: string, debian: string): string {
  return `${command} is not installed: run "apt-get install ${debian}"`
}

function abnormalEnd(command: string, options: ProcessOptions, result: Outcome): string {
  if (result.timedOut) return `${command} did not end within ${options.timeoutMs} ms and was stopped`
  if (result.isCanceled) return `${command} was stopped`
  if (result.signal !== undefined) return `${command} was ended by ${result.signal}`
  return `${command} cannot be started: ${result.originalMessage ?? result.code ?? 'unknown reason'}`
}

function abnormalExitCode(result: Outcome): number {
  if (result.timedOut) return 124
  if (result.code === 'ENOENT') return 127
  return result.signal !== undefined || result.isCanceled ? 128 : 126
}
