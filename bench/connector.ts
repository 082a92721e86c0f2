/** `node connector.ts ADDRESS PORT SECONDS`: makes connections, eight at a time, resets each once it is there, prints how many came about each second. */
import net from 'node:net'

const atOnce = 8
const [, , host = '', port = '', seconds = ''] = process.argv
const endMs = performance.now() + Number(seconds) * 1000
let made = 0

function connect(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port: Number(port) })
    socket.once('error', reject)
    // a reset leaves no TIME_WAIT: neither ports nor tracked connections run out
    socket.once('connect', () => socket.resetAndDestroy())
    socket.once('close', () => resolve())
  })
}

async function connectUntilEnd(): Promise<void> {
  while (performance.now() < endMs) {
    await connect()
    made += 1
  }
}

await Promise.all(Array.from({ length: atOnce }, connectUntilEnd))
console.log(Math.round(made / Number(seconds)))
