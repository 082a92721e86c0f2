import { setImmediate as turn } from 'node:timers/promises'
import type { Cidr } from '../../src/net/prefix.ts'
import { messagesIn, NLMSG_DONE, readError } from '../netlink/netlink-message.ts'
import { errnoName, NETLINK_NETFILTER, NetlinkSocket, NetlinkSocketError } from '../netlink/netlink-socket.ts'
import { AddressSet } from './address-set.ts'
import { type Connection, connectionsRequest, deleteRequest, readConnectionOf } from './conntrack-message.ts'

const RECEIVE_BUFFER = 1024 * 1024
/** Others have their turn after so long; a datagram of some 150 entries is never split. */
const SLICE_MS = 4
/** Requests of one send: the kernel takes some 200 kB at once by default. */
const PIECE = 500
const SEQUENCE = 1

/** This machine cannot be asked to forget connections: its kernel has no ctnetlink, or there is no netlink here. */
export class NoConntrackError extends Error {
  override readonly name = 'NoConntrackError'
}

/**
 * Deletes the entries of these addresses from the kernel's connection tracking, in the network namespace of this process. The whole table
 * is read, in slices: it costs the same for one address as for many.
 * @param addresses each as /32 or /128
 * @param isOver asked between slices: the rest is left
 * @returns how many entries there were of them
 * @throws NoConntrackError; NetlinkSocketError with the kernel's refusal, when some entries may be gone and others not
 */
export async function deleteConnections(addresses: Iterable<Cidr>, isOver: () => boolean = () => false): Promise<number> {
  const reader = await openSocket()
  try {
    const writer = await openSocket()
    try {
      return await walk(reader, new AddressSet(addresses), (found) => remove(writer, found), isOver)
    } finally {
      writer.close()
    }
  } finally {
    reader.close()
  }
}

async function openSocket(): Promise<NetlinkSocket> {
  try {
    return await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, receiveBuffer: RECEIVE_BUFFER })
  } catch (error) {
    if (error instanceof NetlinkSocketError && error.code !== 'EPROTONOSUPPORT') throw error
    throw new NoConntrackError('netfilter cannot be spoken to over netlink', { cause: error })
  }
}

/** Entries are removed while the table is read: the kernel finds its way on when the next one to tell is gone. */
async function walk(
  socket: NetlinkSocket,
  addresses: AddressSet,
  removeAll: (found: readonly Connection[]) => number,
  isOver: () => boolean,
): Promise<number> {
  const bytes = new Uint8Array(65_536)
  let removed = 0
  socket.send(connectionsRequest(SEQUENCE))
  for (let isDone = false; !isDone && !isOver(); await turn()) {
    const untilMs = performance.now() + SLICE_MS
    const found: Connection[] = []
    while (!isDone && performance.now() < untilMs) isDone = readSome(socket, bytes, addresses, found)
    removed += removeAll(found)
  }
  return removed
}

/** One datagram; whether it was the last. */
function readSome(socket: NetlinkSocket, bytes: Uint8Array, addresses: AddressSet, found: Connection[]): boolean {
  const length = socket.receive(bytes)
  if (length === 0) throw new NetlinkSocketError('ctnetlink dump', 0)
  for (const message of messagesIn(bytes, length)) {
    const verdict = readError(bytes, message)
    if (verdict !== undefined && verdict.errno !== 0) throw refusal(verdict.errno)
    if (message.type === NLMSG_DONE) return true
    const connection = readConnectionOf(addresses, bytes, message)
    if (connection !== undefined) found.push(connection)
  }
  return false
}

/** EINVAL is the answer of a kernel without ctnetlink. */
function refusal(errno: number): Error {
  if (errnoName(errno) === 'EINVAL') return new NoConntrackError('the kernel has no ctnetlink (CONFIG_NF_CT_NETLINK)')
  return new NetlinkSocketError('ctnetlink dump', errno)
}

/** @returns how many were there */
function remove(socket: NetlinkSocket, found: readonly Connection[]): number {
  const bytes = new Uint8Array(65_536)
  let removed = found.length
  for (let at = 0; at < found.length; at += PIECE) {
    socket.send(Buffer.concat(found.slice(at, at + PIECE).map((connection) => deleteRequest(connection, SEQUENCE))))
    for (let length = socket.receive(bytes); length > 0; length = socket.receive(bytes)) {
      for (const message of messagesIn(bytes, length)) {
        const errno = readError(bytes, message)?.errno ?? 0
        if (errnoName(errno) === 'ENOENT') removed -= 1
        else if (errno !== 0) throw new NetlinkSocketError('ctnetlink delete', errno)
      }
    }
  }
  return removed
}
