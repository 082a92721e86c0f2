/** The same load on each speaker in turn, several times: medians, and our ratio to BIRD. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { Namespace } from '../e2e/lab/namespace.ts'
import { type Figures, medianOf } from './figures.ts'
import { meshAddresses, meshAs } from './mesh-plan.ts'
import { type Peer, type SpeakerName, startSpeaker } from './speakers.ts'
import { tablePeerList } from './table-peers.ts'

type Load = {
  readonly script: string
  readonly address: string
  readonly prefixLength: number
  readonly asNumber: number
  readonly peers: readonly Peer[]
  readonly toKernel: boolean
  readonly arguments: readonly string[]
  /** The script is told the socket of our agent's API, before the last argument. */
  readonly asksAgent?: boolean
}

/** @param name of a load  @param parameters numbers, as `npm run bench` explains them */
export async function compareSpeakers(
  name: string,
  parameters: readonly string[],
  { speakers, runs, feeders = 1 }: { readonly speakers: readonly SpeakerName[]; readonly runs: number; readonly feeders?: number },
): Promise<void> {
  const load = loadOf(name, parameters, feeders)
  const medians = new Map<SpeakerName, Figures>()
  for (const speaker of speakers) {
    const all: Figures[] = []
    for (let run = 0; run < runs; run++) all.push(await measure(speaker, load))
    const median = medianOf(all)
    medians.set(speaker, median)
    console.log(`${name.padEnd(6)} ${speaker.padEnd(7)} ${JSON.stringify(median)}`)
  }
  const [bird, ours] = [medians.get('bird'), medians.get('tortie')]
  if (bird === undefined || ours === undefined) return
  const ratios = Object.keys(ours)
    .filter((key) => key.endsWith('Sec'))
    .map((key) => `${key} ${((ours[key] ?? Number.NaN) / (bird[key] ?? Number.NaN)).toFixed(2)}`)
  console.log(`${name.padEnd(6)} tortie : bird  ${ratios.join(', ')}`)
}

function loadOf(name: string, parameters: readonly string[], feeders: number): Load {
  const [count = '', second = ''] = parameters
  const pair = { address: '10.99.0.1', prefixLength: 24, asNumber: 65001, toKernel: false }
  const one = { ...pair, peers: tablePeerList(1) }
  switch (name) {
    case 'table':
      return { ...pair, script: 'load-table.ts', peers: tablePeerList(feeders), arguments: [count, String(feeders)], asksAgent: true }
    case 'churn':
      return { ...one, script: 'load-churn.ts', arguments: [count, second || '10'] }
    case 'one-change':
      return { ...one, script: 'load-one-change.ts', arguments: [count, second || '200'] }
    case 'fib':
      return { ...pair, script: 'load-fib.ts', peers: tablePeerList(1).slice(0, 1), toKernel: true, arguments: parameters }
    case 'mesh':
      return meshLoad(parameters)
    default:
      throw new Error(`no such load: ${name}; there are table, churn, one-change, fib and mesh`)
  }
}

function meshLoad(parameters: readonly string[]): Load {
  const [feeders = 1, , , sinks = 1, ibgp = 0] = parameters.map(Number)
  const addresses = meshAddresses(feeders, sinks)
  const peers = [
    ...addresses.feeders.map((address, i) => ({ address, asNumber: meshAs('feeder', i, ibgp === 1) })),
    ...addresses.sinks.map((address, i) => ({ address, asNumber: meshAs('sink', i, ibgp === 1) })),
  ]
  return { script: 'load-mesh.ts', address: '10.77.0.1', prefixLength: 16, asNumber: 65000, peers, toKernel: false, arguments: parameters }
}

/** One run: two namespaces, a cable, the speaker in one, the load in the other; all gone afterwards. */
async function measure(name: SpeakerName, load: Load): Promise<Figures> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-bench-'))
  const speaker = await Namespace.create(`bench${process.pid}-s`)
  const peers = await Namespace.create(`bench${process.pid}-p`)
  try {
    await speaker.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peers.name)
    await speaker.ip('addr', 'add', `${load.address}/${load.prefixLength}`, 'dev', 'eth0')
    await speaker.ip('link', 'set', 'eth0', 'up')
    const addresses = load.peers.map(({ address }) => `addr add ${address}/${load.prefixLength} dev eth0`)
    await execa('ip', ['-n', peers.name, '-batch', '-'], { input: `${addresses.join('\n')}\nlink set eth0 up\n` })
    await startSpeaker(name, { ...load, namespace: speaker, directory })
    const { stdout: pids } = await execa('ip', ['netns', 'pids', speaker.name])
    const context = load.toKernel ? speaker.name : pids.trim().split('\n').join(',')
    const agent = load.asksAgent === true ? [name === 'tortie' ? path.join(directory, 'api.sock') : '-'] : []
    const { stdout } = await execa(
      'ip',
      ['netns', 'exec', peers.name, process.execPath, path.join(import.meta.dirname, load.script), ...load.arguments, ...agent, context],
      {
        timeout: 180_000,
        stderr: 'inherit',
      },
    )
    return JSON.parse(stdout) as Figures
  } finally {
    await Promise.all([speaker.remove(), peers.remove()])
    await rm(directory, { recursive: true, force: true })
  }
}
