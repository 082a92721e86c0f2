/** HTTP/1.1 as octets: what a hostile client sends, and whatever comes back. */
import { connect } from 'node:net'

export type RawResponse = {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** false: the connection ended first, or this client did not wait for the rest. */
  readonly complete: boolean
}

/**
 * Sends the octets on a connection of its own and returns the responses that came until the server closed it, or until this client
 * left. @param leaveAfterMs how long it waits for all of them
 */
export async function sendRaw(socketPath: string, octets: Buffer, leaveAfterMs: number): Promise<readonly RawResponse[]> {
  const chunks: Buffer[] = []
  const socket = connect(socketPath)
  const deadline = setTimeout(() => socket.destroy(), leaveAfterMs)
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined) // a reset is an end as any other
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(octets)
  await closed
  clearTimeout(deadline)
  return parseResponses(Buffer.concat(chunks).toString('latin1'))
}

function parseResponses(text: string): readonly RawResponse[] {
  const responses: RawResponse[] = []
  for (let rest = text; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(rest)?.[1])
    if (end < 0 || Number.isNaN(status))
      throw new Error(
        `this is no HTTP response: ${JSON.stringify(rest.slice(0, 200))} after ${JSON.stringify(text.slice(0, text.length - rest.length).slice(-1500))}`,
      )
    const lines = rest.slice(0, end).split('\r\n').slice(1)
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
    const body = status === 100 ? { body: '', complete: true, rest: rest.slice(end + 4) } : readBody(rest.slice(end + 4), headers)
    if (status !== 100) responses.push({ status, headers, body: body.body, complete: body.complete })
    rest = body.rest
  }
  return responses
}

type ReadBody = { readonly body: string; readonly complete: boolean; readonly rest: string }

/** An answer to HEAD has the length of a body that is not there: then what follows is the next response, or nothing. */
function readBody(text: string, headers: ReadonlyMap<string, string>): ReadBody {
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(text)
  const length = Number(headers.get('content-length') ?? 0)
  if (text === '' || text.startsWith('HTTP/1.1 ')) return { body: '', complete: true, rest: text }
  return { body: text.slice(0, length), complete: text.length >= length, rest: text.slice(length) }
}

function readChunks(text: string): ReadBody {
  let body = ''
  for (let rest = text; ; ) {
    const size = /^([0-9a-f]+)\r\n/.exec(rest)
    if (size === null) return { body, complete: false, rest: rest.startsWith('HTTP/1.1 ') ? rest : '' }
    const start = size[0].length
    const length = Number.parseInt(size[1] ?? '', 16)
    if (rest.length < start + length + 2) return { body, complete: false, rest: '' }
    body += rest.slice(start, start + length)
    rest = rest.slice(start + length + 2)
    if (length === 0) return { body, complete: true, rest }
  }
}
