/** The agent is killed and started again on a node with many resources and routes: how soon it is ready, and what it rewrites in the kernel. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { agentCommand } from '../e2e/lab/agent-command.ts'
import { Namespace } from '../e2e/lab/namespace.ts'
import { TortieNode } from '../e2e/lab/tortie-node.ts'
import { until } from '../e2e/lab/until.ts'
import { type Figures, medianOf } from './figures.ts'
import { manyResources } from './many-resources.ts'

const agentAddress = '10.99.0.1'
const birdAddress = '10.99.0.2'

/** @param parameters how many resources (a tenth of them workloads of this node) and how many routes of one BIRD */
export async function benchRestart([resources = '1000', routes = '10000']: readonly string[], runs: number): Promise<void> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-bench-'))
  const agent = await Namespace.create(`bench${process.pid}-a`)
  const bird = await Namespace.create(`bench${process.pid}-b`)
  try {
    await agent.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', bird.name)
    for (const [namespace, address] of [
      [agent, agentAddress],
      [bird, birdAddress],
    ] as const) {
      await namespace.ip('addr', 'add', `${address}/24`, 'dev', 'eth0')
      await namespace.ip('link', 'set', 'eth0', 'up')
    }
    await startBird(bird, directory, Number(routes))
    const node = await startAgent(agent, directory)
    const { yaml, interfaces } = manyResources(Number(resources), node.options.name)
    const links = interfaces.map((name, index) => `link add ${name} type veth peer name peer${index}`)
    await execa('ip', ['-n', agent.name, '-batch', '-'], { input: `${links.join('\n')}\n` })
    await node.apply(yaml)
    await until('all routes are in the kernel', async () => (await learned(agent)) === Number(routes), 60)
    const all: Figures[] = []
    for (let run = 0; run < runs; run += 1) all.push(await restart(node, Number(routes)))
    const worst = {
      routeChanges: Math.max(...all.map((run) => run.routeChanges ?? 0)),
      ruleChanges: Math.max(...all.map((run) => run.ruleChanges ?? 0)),
    }
    console.log(`restart tortie ${JSON.stringify({ resources: Number(resources), routes: Number(routes), ...medianOf(all), ...worst })}`)
  } finally {
    await Promise.all([agent.remove(), bird.remove()])
    await rm(directory, { recursive: true, force: true })
  }
}

async function restart(node: TortieNode, count: number): Promise<Figures> {
  await node.end('SIGKILL')
  const routes = listen(node.namespace, 'ip', ['monitor', 'route'])
  const rules = listen(node.namespace, 'nft', ['monitor', 'ruleset'])
  const began = performance.now()
  await node.start()
  const readySec = since(began)
  await until('every route is confirmed', async () => (await accepted(node)) === count)
  const convergedSec = since(began)
  // Answered after one more apply, which the removal of what nobody wants would be part of.
  await node.apply(`{ apiVersion: v1, kind: Namespace, metadata: { name: after-${process.pid}-${Math.round(began)} } }`)
  return { readySec, convergedSec, routeChanges: routes.end(), ruleChanges: rules.end() }
}

async function accepted(node: TortieNode): Promise<number> {
  const { body } = await node.request('GET', '/v1/bgp/peers/bird')
  return (body as { families: Record<string, { accepted: number; stale: number }> }).families['ipv4-unicast']?.accepted ?? 0
}

/** Counts the lines a monitor prints until it is ended. */
function listen(namespace: Namespace, command: string, args: readonly string[]): { end(): number } {
  let lines = 0
  const child = namespace.start(command, args, {
    onOutput: (text) => {
      lines += text.split('\n').length - 1
    },
  })
  return {
    end() {
      child.kill()
      return lines
    },
  }
}

async function learned(namespace: Namespace): Promise<number> {
  return (await namespace.ip('route', 'show', 'proto', '116', 'via', birdAddress)).split('\n').filter((line) => line !== '').length
}

async function startBird(namespace: Namespace, directory: string, count: number): Promise<void> {
  const routes = Array.from({ length: count }, (_, n) => `route 100.${64 + (n >> 8)}.${n & 255}.0/24 blackhole;`)
  const file = path.join(directory, 'bird.conf')
  const session = `protocol bgp { local ${birdAddress} as 65002; neighbor ${agentAddress} as 65001; graceful restart on; connect delay time 1; connect retry time 1; error wait time 1,1; ipv4 { import all; export all; }; }`
  await writeFile(file, `router id ${birdAddress};\nprotocol device {}\nprotocol static { ipv4; ${routes.join('\n')} }\n${session}\n`)
  namespace.start('bird', ['-f', '-c', file, '-s', path.join(directory, 'bird.ctl')])
}

async function startAgent(namespace: Namespace, directory: string): Promise<TortieNode> {
  const peers = [{ name: 'bird', address: birdAddress, asNumber: 65002 }]
  const options = {
    name: 'node-a',
    address: agentAddress,
    asNumber: 65001,
    podCidr: '10.244.0.0/16',
    peers,
    directory,
    command: agentCommand(),
  }
  const node = new TortieNode(options, namespace)
  await node.writeConfig({ log: { level: 'warn' } })
  await node.start()
  return node
}

function since(began: number): number {
  return Math.round(performance.now() - began) / 1000
}
