/** `tortie bgp dump FILE`: the routing table for tools that read MRT. */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { open, type Server } from './client.ts'
import { clientCommand, type Io, problemLine } from './command.ts'
import { withExamples } from './examples.ts'
import { refused } from './failure.ts'

export function bgpDumpCommand(_io: Io): Command {
  const command = clientCommand('dump', 'all routes as they were received, as an MRT file (RFC 6396) that bgpdump reads')
    .argument('<filename>', 'where to')
    .action(async (filename: string, { server }: { server: Server }) => {
      const response = await open(server, { method: 'GET', path: '/v1/bgp/dump', isStream: true })
      if (response.statusCode !== 200) {
        const text = (await response.setEncoding('utf8').toArray()).join('')
        throw refused(problemLine({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
      }
      await pipeline(response, createWriteStream(filename, { mode: 0o600 })).catch((error: Error) => {
        throw refused(`cannot write ${filename}: ${error.message}: choose another place`, { cause: error })
      })
    })
  return withExamples(command, 'tortie bgp dump rib.mrt && bgpdump -m rib.mrt')
}
