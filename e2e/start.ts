/** `npm start`: the cluster of lab/cluster.ts, each step with its proof; stays up until Ctrl-C, or with --once ends after the last proof. */
import { Account } from './lab/account.ts'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import type { Pod } from './lab/pod.ts'
import { webPolicy } from './lab/policies.ts'
import { endpointYaml, type TortieNode } from './lab/tortie-node.ts'
import { until } from './lab/until.ts'

const once = process.argv.includes('--once')
const account = new Account()

type Pods = { readonly web: Pod; readonly client: Pod; readonly other: Pod; readonly birdPod: Pod; readonly frrPod: Pod }

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) {
    console.error('npm start makes network namespaces and needs root: run it with sudo.')
    return 1
  }
  const interrupted = new Promise<void>((resolve) => {
    // Not once: execa ends a process whose last listener is gone, before anything is cleaned up.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
  const cluster = await Cluster.create({ holdTimeSec: 9, command: agentCommand() })
  try {
    const told = tell(cluster)
    const ended = await Promise.race([told.then(() => 'told' as const), interrupted.then(() => 'interrupted' as const)])
    if (ended === 'interrupted') return 130
    const good = account.close()
    if (!once) {
      stayUp(cluster)
      await interrupted
    }
    return good ? 0 : 1
  } catch (error) {
    console.error(error)
    for (const { options, log } of [cluster.nodeA, cluster.nodeB, cluster.bird, cluster.frr])
      if (log !== '') console.error(`${options.name} said:\n${log}`)
    return 1
  } finally {
    await cluster.remove()
  }
}

async function tell(cluster: Cluster): Promise<void> {
  await peersComeUp(cluster)
  const pods = await connectPods(cluster)
  await routesAreInTheKernels(cluster)
  await everyPodReachesEveryPod(pods)
  await policyDecides(cluster, pods)
}

async function peersComeUp(cluster: Cluster): Promise<void> {
  account.step('Starting two Tortie nodes, BIRD and FRR, each in a network namespace of its own')
  await cluster.start()
  for (const node of [cluster.nodeA, cluster.nodeB]) {
    const lines = await until(`all sessions of ${node.options.name}`, () => establishedPeers(node))
    account.prove(`${node.options.name}: 3 of 3 BGP sessions Established (${lines})`, true)
  }
}

async function establishedPeers(node: TortieNode): Promise<string | undefined> {
  const { body } = await node.request('GET', '/v1/bgp/peers')
  const { peers } = body as { peers: { name: string; state: string }[] }
  return peers.every(({ state }) => state === 'Established') ? peers.map(({ name }) => name).join(', ') : undefined
}

async function connectPods(cluster: Cluster): Promise<Pods> {
  const { nodeA, nodeB, bird, frr } = cluster
  account.step('Connecting pods: the veth is made here, a WorkloadEndpoint is posted, Tortie does the host side')
  const labels = { web: { app: 'web' }, client: { role: 'client' }, other: { role: 'other' } }
  const web = await nodeA.addPod('web', '10.244.1.10', labels.web)
  const client = await nodeB.addPod('client', '10.244.2.10', labels.client)
  const other = await nodeB.addPod('other', '10.244.2.11', labels.other)
  await nodeA.apply(
    endpointYaml({ node: 'node-b', name: 'client', address: client.address, labels: labels.client, hostInterface: 'tortclient' }),
  )
  await nodeA.apply(
    endpointYaml({ node: 'node-b', name: 'other', address: other.address, labels: labels.other, hostInterface: 'tortother' }),
  )
  const birdPod = cluster.keep(await bird.addPod('c1', '10.244.3.10'))
  const frrPod = cluster.keep(await frr.addPod('d1', '10.244.4.10'))
  account.show('node-a# ip route show 10.244.1.10', await nodeA.namespace.ip('route', 'show', '10.244.1.10'))
  return { web, client, other, birdPod, frrPod }
}

async function routesAreInTheKernels({ nodeA, nodeB, bird, frr }: Cluster): Promise<void> {
  account.step('Pod CIDRs are exchanged and stand in all four kernels')
  for (const node of [nodeA, nodeB, bird, frr]) {
    const { name, podCidr } = node.options
    const others = [nodeA, nodeB, bird, frr].map(({ options }) => options.podCidr).filter((cidr) => cidr !== podCidr)
    const table = await until(`${name} has ${others.join(', ')}`, async () => {
      const text = await node.namespace.ip('route')
      return others.every((cidr) => text.includes(`${cidr} `)) ? text : undefined
    })
    account.show(
      `${name}# ip route | grep 10.244`,
      table
        .split('\n')
        .filter((line) => line.includes('10.244.'))
        .join('\n'),
    )
    account.prove(`${name} routes ${others.join(', ')}`, true)
  }
}

async function everyPodReachesEveryPod({ web, client, birdPod, frrPod }: Pods): Promise<void> {
  account.step('Pods reach each other across all four nodes')
  for (const from of [web, client, birdPod, frrPod]) {
    for (const to of [web, client, birdPod, frrPod]) {
      if (from !== to) account.prove(`ping ${from.address} -> ${to.address}`, await from.reaches({ protocol: 'icmp', to: to.address }))
    }
  }
}

async function policyDecides({ nodeA, nodeB }: Cluster, { web, client, other }: Pods): Promise<void> {
  account.step('A NetworkPolicy is posted: app=web takes TCP 8080 from role=client only')
  const before = await other.reaches({ protocol: 'tcp', to: web.address, port: 8080 })
  account.prove(`before: TCP ${other.address} -> ${web.address}:8080 connects`, before)
  account.show('policy.yaml, POST /v1/apply?wait=20 on both nodes', webPolicy)
  await nodeB.apply(webPolicy)
  const { body } = await nodeA.apply(webPolicy)
  account.show('the answer of node-a', JSON.stringify(body))
  account.prove(
    `client: TCP ${client.address} -> ${web.address}:8080 connects`,
    await client.reaches({ protocol: 'tcp', to: web.address, port: 8080 }),
  )
  account.prove(
    `other: TCP ${other.address} -> ${web.address}:8080 is refused`,
    !(await other.reaches({ protocol: 'tcp', to: web.address, port: 8080 })),
  )
  account.prove(
    `client: ping ${client.address} -> ${web.address} is refused`,
    !(await client.reaches({ protocol: 'icmp', to: web.address })),
  )
  const chains = (await nodeA.namespace.run('iptables-save', ['-t', 'filter'])).split('\n').filter((line) => line.startsWith('-A tort-pi'))
  account.show('node-a# iptables-save -t filter | grep tort-pi', chains.join('\n'))
}

function stayUp({ nodeA, nodeB }: Cluster): void {
  console.log('\nThe cluster stays up until Ctrl-C. In another terminal:')
  for (const node of [nodeA, nodeB])
    console.log(`  node_modules/.bin/node dist/src/main.js status --server unix:${node.socketPath}   # ${node.options.name}`)
  console.log(`  curl --unix-socket ${nodeA.socketPath} http://localhost/v1/bgp/routes`)
  console.log(`  ip netns exec ${nodeA.namespace.name} ip route`)
}

process.exitCode = await main()
