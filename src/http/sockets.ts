/** Where the API listens: a Unix socket whose mode is its guard, and a TCP address that asks for what `Access` says. */
import { once } from 'node:events'
import { lstatSync, unlinkSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { dirname } from 'node:path'
import { makeDirectory } from '../os/make-directory.ts'
import type { Access } from './access-files.ts'
import { type ClientServer, clientLimits, type HttpServer, newServer, type RequestListener } from './client-server.ts'

/** `listen` is "host:port", "[::1]:port"; port 0 takes a free one. @property access of TCP clients; default: everybody who reaches it */
export type ListenOptions = { readonly socket?: string; readonly listen?: string; readonly access?: Access }

export type Listening = ClientServer & { readonly address: string }

/** What makes an address unusable: one sentence. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** @throws ListenError, with nothing left open */
export async function listenAll(options: ListenOptions, handler: RequestListener, limits = clientLimits): Promise<readonly Listening[]> {
  const { socket, listen, access = {} } = options
  const open: Listening[] = []
  try {
    if (socket !== undefined) open.push(await listenUnix(socket, newServer(handler, limits)))
    if (listen !== undefined) open.push(await listenTcp(listen, newServer(handler, limits, access)))
    return open
  } catch (error) {
    await closeAll(open)
    throw error
  }
}

/** Answers that are still being written at the end have so long, in milliseconds. */
const closeGraceMs = 2_000

/** Ends what is idle at once, lets requests that are being answered finish, and cuts off what takes too long. */
export async function closeAll(open: readonly Listening[]): Promise<void> {
  await Promise.all(
    open.map(async ({ server, idle }) => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of idle()) socket.destroy()
      const deadline = setTimeout(() => server.closeAllConnections(), closeGraceMs)
      await closed
      clearTimeout(deadline)
    }),
  )
}

/** sun_path of unix(7) without its final zero octet. */
const maxPathOctets = 107

async function listenUnix(path: string, made: ClientServer): Promise<Listening> {
  const octets = Buffer.byteLength(path)
  if (octets > maxPathOctets)
    throw new ListenError(`the socket path ${path} has ${octets} octets, at most ${maxPathOctets} are possible: choose a shorter one`)
  await listen(made.server, path, async () => {
    makeDirectory(dirname(path), 0o755)
    await removeStale(path)
    bindPrivately(made.server, path)
  })
  return { ...made, address: `unix:${path}` }
}

/** The file has mode 0660 from its first moment: chmod after bind would leave a gap in which everybody may connect. */
export function bindPrivately(server: HttpServer, path: string): void {
  const before = process.umask(0o117)
  try {
    server.listen({ path })
  } finally {
    process.umask(before)
  }
}

async function listenTcp(text: string, made: ClientServer): Promise<Listening> {
  const { hostname, port } = new URL(`http://${text}`)
  const host = hostname.replace(/^\[|\]$/g, '')
  await listen(made.server, text, () => void made.server.listen({ host, port: Number(port) }))
  const bound = made.server.address() as AddressInfo
  return { ...made, address: `${made.scheme}://${hostname}:${bound.port}` }
}

async function listen(server: HttpServer, shown: string, begin: () => void | Promise<void>): Promise<void> {
  try {
    const listening = once(server, 'listening')
    await Promise.all([begin(), listening])
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(refusal(shown, error), { cause: error })
  }
}

function refusal(shown: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return `the API address ${shown} is in use by another process: stop that one, or choose another address`
  if (code === 'EACCES') return `no permission to listen on ${shown}: run as root, or choose another address`
  if (code === 'EADDRNOTAVAIL') return `${shown} is no address of this machine: choose another one`
  return `cannot listen on ${shown}: ${error instanceof Error ? error.message : String(error)}: choose another address`
}

/** A socket file whose process is dead is removed; a live one is left for `listen` to refuse. @throws ListenError if it is no socket */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new ListenError(`${path} is there and is no socket: remove it, or choose another address`)
  const probe = connect(path)
  try {
    await once(probe, 'connect')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') unlinkSync(path)
  } finally {
    probe.destroy()
  }
}
