/** What the agent may do to the machine, and who may talk to it over TCP; both with the built agent. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { makeCertificate } from '../src/http/test-certificates.ts'
import { listenNotify } from '../src/os/test-notify-socket.ts'
import { agentCommand } from './lab/agent-command.ts'
import { SingleNode } from './lab/single-node.ts'
import { until } from './lab/until.ts'

const authority = makeCertificate('authority')
const clients = makeCertificate('client authority')
const own = (issuer = authority) => makeCertificate('node-n', { names: ['10.99.0.1'], issuer })
const client = makeCertificate('client', { issuer: clients })

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
const { node } = lab
const file = (name: string) => path.join(node.options.directory, name)

/** NET_BIND_SERVICE, NET_ADMIN, NET_RAW */
const needed = '0000000000003400'

const api = {
  socket: node.socketPath,
  listen: '10.99.0.1:9099',
  tls: { certFile: file('cert'), keyFile: file('key'), clientCaFile: file('clients') },
  tokenFile: file('token'),
}

async function writeFiles(certificate: { readonly cert: string; readonly key: string }, token: string): Promise<void> {
  const texts = {
    cert: certificate.cert,
    key: certificate.key,
    token,
    ca: authority.cert,
    clients: clients.cert,
    mine: client.cert,
    mykey: client.key,
  }
  for (const [name, text] of Object.entries(texts)) await writeFile(file(name), text, { mode: 0o600 })
}

/** What `tortie status` prints, or says on stderr. */
async function tortieStatus(...options: readonly string[]): Promise<string> {
  const [command = '', ...args] = agentCommand()
  const all = [...args, 'status', '--server', 'https://10.99.0.1:9099', '--ca-file', file('ca'), ...options]
  return await lab.namespace.run(command, all).catch((error: Error) => error.message.split('\n').at(-1) ?? '')
}

await writeFiles(own(), 't0ken\n')
await node.writeConfig({ bgp: { enabled: false }, api })
const manager = await listenNotify(file('notify'))
t.teardown(() => manager.close())
Object.assign(process.env, { NOTIFY_SOCKET: file('notify'), WATCHDOG_USEC: '200000' }) // as systemd gives them to the agent
await node.start()

/** The next message that is none for the watchdog; how many of those came before it. */
async function told(): Promise<{ readonly text: string; readonly beats: number }> {
  for (let beats = 0; ; beats++) {
    const text = await manager.next()
    if (text !== 'WATCHDOG=1') return { text, beats }
  }
}

t.test('systemd is told: ready once the node is programmed, and that the event loop runs', async (t) => {
  t.match(await told(), { text: 'READY=1\nSTATUS=node-n is programmed' })
  t.strictSame([await manager.next(), await manager.next()], ['WATCHDOG=1', 'WATCHDOG=1'])
})

t.test('every thread has NET_ADMIN, NET_RAW and NET_BIND_SERVICE, can get no more, and says nothing about it', async (t) => {
  const tasks = `/proc/${node.pid}/task`
  const threads = await readdir(tasks)
  t.ok(threads.length > 4)
  for (const thread of threads) {
    const text = await readFile(path.join(tasks, thread, 'status'), 'utf8')
    const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs'].map(
      (name) => new RegExp(`^${name}:\t(.*)$`, 'm').exec(text)?.[1],
    )
    t.strictSame(sets, ['0000000000000000', needed, needed, needed, '0000000000000000', '1'], thread)
  }
  const { body } = await node.request('GET', '/v1/status')
  t.strictSame((body as { readonly problems: unknown }).problems, [])
  t.notMatch(node.log, /warning/i)
})

t.test('with these it programs routes, sysctls, IP sets and chains: an allowed connection passes, another is dropped', async (t) => {
  const [web] = await lab.addPods({ name: 'web', host: 10, labels: { app: 'web' } })
  await node.apply(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: default}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{ipBlock: {cidr: 10.99.0.9/32}}], ports: [{port: 8080}]}]
`)
  await web.listen('tcp', 9000) // as it does on 8080
  const reaches = (port: number) => lab.outside.reaches({ protocol: 'tcp', to: web.address, port })
  t.strictSame([await reaches(8080), await reaches(9000)], [true, false])
})

t.test('off loopback: the token or a client certificate; neither is refused with a hint', async (t) => {
  const ways = 'this address needs the token ("Authorization: Bearer …") or a client certificate'
  const unauthenticated = `tortie: not authenticated: ${ways}: give --token-file, or --cert-file and --key-file`
  t.match(await tortieStatus('--token-file', file('token')), 'node-n')
  t.match(await tortieStatus('--cert-file', file('mine'), '--key-file', file('mykey')), 'node-n')
  t.equal(await tortieStatus(), unauthenticated)
})

t.test('SIGHUP: new files are taken, broken ones are told and change nothing', async (t) => {
  await writeFiles(own(), 'n3w\n')
  node.signal('SIGHUP')
  await until(
    'the old token is refused',
    async () => (await tortieStatus()).includes('not authenticated') && node.log.includes('the configuration was taken'),
  )
  t.match(await tortieStatus('--token-file', file('token')), 'node-n')
  t.match((await told()).text, /^RELOADING=1\nMONOTONIC_USEC=\d+$/)
  t.equal((await told()).text, 'READY=1\nSTATUS=running with the new configuration')
  await writeFiles({ cert: own().cert, key: own().key }, 'two words')
  node.log = ''
  node.signal('SIGHUP')
  await until('the mistakes are in the log', () => node.log.includes('was not taken'))
  t.match(node.log, /api\.tls\.keyFile: .*: is not the key of the certificate/)
  t.match(node.log, /api\.tokenFile: .*: must hold one word/)
  t.notMatch(node.log, /two words/)
  await writeFile(file('token'), 'n3w')
  t.match(await tortieStatus('--token-file', file('token')), 'node-n')
})

t.test('SIGTERM: systemd is told that the agent stops', async (t) => {
  await told() // RELOADING of the broken files
  t.equal((await told()).text, 'READY=1\nSTATUS=running; the new configuration has mistakes and was not taken')
  await node.end('SIGTERM')
  t.equal((await told()).text, 'STOPPING=1')
})
