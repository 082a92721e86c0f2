/**
 * Programs started with posix_spawn(3): until it executes the program, the child borrows this process's memory. fork(2), which Node.js
 * starts programs with, copies the page tables first: with some hundred MB in use that keeps everything else waiting for milliseconds, and
 * each page that is written afterwards once more.
 */
import { accessSync, closeSync, constants, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { getSystemErrorName } from 'node:util'

/** How a program ended: by itself, or by a signal. */
export type Ending = { readonly exitCode: number } | { readonly signal: string }

/** A program that runs. All of its outputs are to be read, or it may wait for that for ever. */
export type Started = {
  readonly pid: number
  readonly stdout: Socket
  readonly stderr: Socket
  /** To be called once, when its outputs are at their end: until it resolves, the process id is not given to another. */
  ended(): Promise<Ending>
}

/**
 * @param command a path, or the name of a program in one of the directories of PATH in `environment`
 * @param input all that it reads from its standard input: it has that at once and never waits for us, whatever else we do meanwhile
 * @throws StartError
 */
export type Start = (command: string, args: readonly string[], environment: Readonly<Record<string, string>>, input: string) => Started

/** A program that could not be started; `code` is the errno name. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly code: string

  constructor(command: string, code: string) {
    super(`spawn ${command} ${code}`)
    this.code = code
  }
}

type Libc = {
  readonly errno: () => number
  readonly pipe: (descriptors: Int32Array, flags: number) => number
  readonly createFile: (name: string, flags: number) => number
  readonly initActions: (actions: Buffer) => number
  readonly addDuplicate: (actions: Buffer, from: number, to: number) => number
  readonly destroyActions: (actions: Buffer) => number
  readonly initAttributes: (attributes: Buffer) => number
  readonly setFlags: (attributes: Buffer, flags: number) => number
  readonly setDefaultSignals: (attributes: Buffer, signals: Buffer) => number
  readonly destroyAttributes: (attributes: Buffer) => number
  readonly spawn: (
    pid: Int32Array,
    file: string,
    actions: Buffer,
    attributes: Buffer,
    argv: readonly (string | null)[],
    envp: readonly (string | null)[],
  ) => number
  /** Gives at once whether it has ended: the process id, 0 while it runs, or -1. */
  readonly poll: (pid: number) => Waited
  /** On another thread. Gives the process id, or -1. */
  readonly wait: (pid: number) => Promise<Waited>
}

/** @property status as wait(2) tells it */
type Waited = { readonly waited: number; readonly status: number }

const O_CLOEXEC = 0o2000000
const MFD_CLOEXEC = 1
const WNOHANG = 1
const POSIX_SPAWN_SETSIGDEF = 4
/** Of posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t: more than any C library has. */
const structOctets = 1_024
/** Node.js ignores these, and what is ignored is inherited. */
const ignoredSignals = [os.constants.signals.SIGPIPE, os.constants.signals.SIGXFSZ]

let loading: Promise<Start | undefined> | undefined

/** @returns undefined where koffi has no binary for this machine */
export function posixSpawn(): Promise<Start | undefined> {
  loading ??= loadLibc().then(
    (libc) =>
      (...program) =>
        start(libc, ...program),
    () => undefined,
  )
  return loading
}

async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  const waitpid = libc.func('int waitpid(int, _Out_ int *, int)')
  return {
    errno: () => koffi.errno(),
    pipe: libc.func('int pipe2(void *, int)'),
    createFile: libc.func('int memfd_create(const char *, unsigned int)'),
    initActions: libc.func('int posix_spawn_file_actions_init(void *)'),
    addDuplicate: libc.func('int posix_spawn_file_actions_adddup2(void *, int, int)'),
    destroyActions: libc.func('int posix_spawn_file_actions_destroy(void *)'),
    initAttributes: libc.func('int posix_spawnattr_init(void *)'),
    setFlags: libc.func('int posix_spawnattr_setflags(void *, short)'),
    setDefaultSignals: libc.func('int posix_spawnattr_setsigdefault(void *, const void *)'),
    destroyAttributes: libc.func('int posix_spawnattr_destroy(void *)'),
    spawn: libc.func('int posix_spawn(void *, const char *, const void *, const void *, const char **, const char **)'),
    poll: (pid) => {
      const status = [0]
      return { waited: waitpid(pid, status, WNOHANG), status: status[0] ?? 0 }
    },
    wait: (pid) =>
      new Promise((resolve, reject) => {
        const status = [0]
        waitpid.async(pid, status, 0, (error: Error | null, waited: number) =>
          error === null ? resolve({ waited, status: status[0] ?? 0 }) : reject(error),
        )
      }),
  }
}

function start(libc: Libc, ...[command, args, environment, input]: Parameters<Start>): Started {
  const file = findProgram(command, environment.PATH ?? '')
  const opened: number[] = []
  try {
    const stdin = openInput(libc, command, opened)
    writeWhole(stdin, command, Buffer.from(input))
    const [stdout, stderr] = [openPipe(libc, command, opened), openPipe(libc, command, opened)]
    const given = [stdin, stdout.writeEnd, stderr.writeEnd]
    const pid = spawn(libc, { command, file, args, environment, given })
    for (const descriptor of given) closeSync(descriptor)
    return {
      pid,
      stdout: new Socket({ fd: stdout.readEnd, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr.readEnd, readable: true, writable: false }),
      ended: async () => endingOf(command, pid, await endOf(libc, pid)),
    }
  } catch (error) {
    for (const descriptor of opened) closeSync(descriptor)
    throw error
  }
}

/** A file in memory: a pipe would hold 64 KiB, and then the program waits until we write more. */
function openInput(libc: Libc, command: string, opened: number[]): number {
  const descriptor = libc.createFile('stdin', MFD_CLOEXEC)
  if (descriptor < 0) throw new StartError(command, getSystemErrorName(-libc.errno()))
  opened.push(descriptor)
  return descriptor
}

/** At positions of its own, so that who reads the descriptor begins at the beginning. */
function writeWhole(descriptor: number, command: string, octets: Buffer): void {
  try {
    for (let written = 0; written < octets.length; ) written += writeSync(descriptor, octets, written, octets.length - written, written)
  } catch (error) {
    throw new StartError(command, error instanceof Error && 'code' in error ? String(error.code) : String(error)) // there is no memory
  }
}

/** Who has closed its outputs has mostly ended: that takes no thread to wait. */
function endOf(libc: Libc, pid: number): Waited | Promise<Waited> {
  const polled = libc.poll(pid)
  return polled.waited === 0 ? libc.wait(pid) : polled
}

type Pipe = { readonly readEnd: number; readonly writeEnd: number }

/** Neither end is inherited by a program unless it is given to it. */
function openPipe(libc: Libc, command: string, opened: number[]): Pipe {
  const ends = new Int32Array(2)
  if (libc.pipe(ends, O_CLOEXEC) !== 0) throw new StartError(command, getSystemErrorName(-libc.errno()))
  opened.push(...ends)
  const [readEnd = -1, writeEnd = -1] = ends
  return { readEnd, writeEnd }
}

type Program = {
  readonly command: string
  readonly file: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Descriptors of ours that become 0, 1 and 2. */
  readonly given: readonly number[]
}

function spawn(libc: Libc, { command, file, args, environment, given }: Program): number {
  const [actions, attributes, signals] = [Buffer.alloc(structOctets), Buffer.alloc(structOctets), signalSet(ignoredSignals)]
  libc.initActions(actions)
  libc.initAttributes(attributes)
  try {
    for (const [to, from] of given.entries()) libc.addDuplicate(actions, from, to)
    libc.setDefaultSignals(attributes, signals)
    libc.setFlags(attributes, POSIX_SPAWN_SETSIGDEF)
    const pid = new Int32Array(1)
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    const errno = libc.spawn(pid, file, actions, attributes, [command, ...args, null], [...variables, null])
    if (errno !== 0) throw new StartError(command, getSystemErrorName(-errno))
    return pid[0] ?? 0
  } finally {
    libc.destroyActions(actions)
    libc.destroyAttributes(attributes)
  }
}

/** A sigset_t: signal n is bit n - 1 of 64-bit words. */
function signalSet(signals: readonly number[]): Buffer {
  const set = Buffer.alloc(structOctets)
  const bits = signals.reduce((sum, signal) => sum | (1n << BigInt(signal - 1)), 0n)
  if (os.endianness() === 'LE') set.writeBigUInt64LE(bits)
  else set.writeBigUInt64BE(bits)
  return set
}

/** posix_spawnp(3) would look in the PATH of this process. */
function findProgram(command: string, directories: string): string {
  if (command.includes('/')) return command
  const found = directories.split(':').find((directory) => isExecutable(path.join(directory, command)))
  if (found === undefined) throw new StartError(command, 'ENOENT')
  return path.join(found, command)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @see wait(2): the low seven bits are the signal, the octet above them the exit code */
function endingOf(command: string, pid: number, { waited, status }: Waited): Ending {
  if (waited !== pid) throw new Error(`nobody knows how ${command} ended: waitpid(${pid}) gave ${waited}`)
  const signal = status & 0x7f
  if (signal === 0) return { exitCode: (status >> 8) & 0xff }
  return { signal: Object.entries(os.constants.signals).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}` }
}
