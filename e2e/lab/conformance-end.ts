import {
  type Family,
  type PacketOptions,
  readPacket,
  readTransport,
  type Service,
  type Sighting,
  writePacket,
} from './conformance-packet.ts'
import { HostSockets, type Wire } from './conformance-sockets.ts'

/** Echo of both families, and timestamp. */
const kernelAnswers: ReadonlySet<number> = new Set([8, 13, 128])

/** A place that packets are sent from and seen at. */
export type End = {
  readonly name: string
  readonly addresses: Readonly<Record<Family, string>>
  readonly send: (options: PacketOptions) => void
  /** What came since the last call. */
  readonly receive: (take: (sighting: Sighting) => void) => void
  /** Whether a kernel answers here by itself. */
  readonly answers: (service: Service) => boolean
  readonly close: () => void
}

/** The far end of a cable: a pod, or a machine outside. */
export function wireEnd(name: string, addresses: End['addresses'], wire: Wire): End {
  return {
    name,
    addresses,
    answers: () => false,
    send: (options) => wire.send(options.family, writePacket(options)),
    receive: (take) =>
      wire.receive((packet) => {
        const sighting = readPacket(packet)
        if (sighting !== undefined) take(sighting)
      }),
    close: () => wire.close(),
  }
}

/** A machine with a kernel that has addresses. @param protocols IP protocol numbers that are listened to */
export function hostEnd(name: string, addresses: End['addresses'], namespace: string, protocols: readonly number[]): End {
  const sockets = new HostSockets(namespace, protocols)
  return {
    name,
    addresses,
    answers: (service) => service.protocol === 'tcp' || ('icmpType' in service && kernelAnswers.has(service.icmpType)),
    send: (options) => {
      sockets.send(options.family, writePacket(options), options.destination)
    },
    receive: (take) =>
      sockets.receive((packet, protocol) => {
        const sighting = protocol === undefined ? readPacket(packet) : readTransport(protocol, packet)
        if (sighting !== undefined) take(sighting)
      }),
    close: () => sockets.close(),
  }
}
