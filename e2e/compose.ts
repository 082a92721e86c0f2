/** `npm run e2e:compose`: docker-compose.yml of the repository, brought up, proved and taken down. */
import { execa } from 'execa'
import { Account } from './lab/account.ts'
import { ComposeProject } from './lab/compose-project.ts'
import { provideDebianImage } from './lab/debian-image.ts'
import { DockerEngine } from './lab/docker-engine.ts'
import { until } from './lab/until.ts'

const account = new Account()
const began = performance.now()
const podCidrs = { 'node-a': '10.244.1.0/24', 'node-b': '10.244.2.0/24', bird: '10.244.3.0/24', frr: '10.244.4.0/24' }

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) {
    console.error('npm run e2e:compose starts a Docker engine and cables containers: run it as root.')
    return 1
  }
  const interrupted = new Promise<'interrupted'>((resolve) => {
    // Not once: execa ends a process whose last listener is gone, before anything is cleaned up.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve('interrupted'))
  })
  const before = await machineNetwork()
  const engine = await DockerEngine.open()
  const project = await ComposeProject.open(engine)
  try {
    const outcome = await Promise.race([tell(engine, project), interrupted])
    if (outcome === 'interrupted') return 130
  } catch (error) {
    account.prove(`the account came to its end: ${error instanceof Error ? error.message : String(error)}`, false)
    account.show('docker-compose logs', await project.run('logs', '--no-color', '--tail=20').catch(String))
  } finally {
    await takeDown(engine, project, before)
  }
  return account.close('passed') ? 0 : 1
}

async function tell(engine: DockerEngine, project: ComposeProject): Promise<void> {
  await buildImages(engine, project)
  await bringUp(engine, project)
  await sessionsAreEstablished(project)
  await routesAreInTheKernels(project)
  await policyDecides(project)
}

async function buildImages(engine: DockerEngine, project: ComposeProject): Promise<void> {
  account.step(`Building the images (${engine.isOwn ? 'with a Docker engine started for it' : "with this machine's Docker engine"})`)
  console.log(`  debian:bookworm-slim: ${await provideDebianImage(engine)} (${elapsed()})`)
  await project.run('build', '--parallel')
  account.prove(`the images are built from the repository's Dockerfiles (${elapsed()})`, true)
}

async function bringUp(engine: DockerEngine, project: ComposeProject): Promise<void> {
  account.step('docker-compose up: two Tortie nodes, BIRD, FRR, three pods')
  await engine.enterNetwork()
  await project.run('up', '-d', '--no-build')
  for (const service of ['node-a', 'node-b', 'bird', 'frr']) {
    await until(`${service} is healthy`, async () => (await project.inspect(service, '{{.State.Health.Status}}')) === 'healthy', 60)
    account.prove(`${service} is healthy`, true)
  }
  for (const service of ['resources-a', 'resources-b']) {
    const state = await until(`${service} ended`, async () => {
      const text = await project.inspect(service, '{{.State.Status}} {{.State.ExitCode}}')
      return text.startsWith('exited') ? text : undefined
    })
    account.show(`docker logs ${service}`, await engine.docker('logs', await project.container(service)))
    account.prove(`${service}: deploy/compose/resources is applied and programmed`, state === 'exited 0')
  }
  account.show('deploy/compose/connect-pods.sh', await project.connectPods())
}

async function sessionsAreEstablished(project: ComposeProject): Promise<void> {
  account.step(`Sessions (${elapsed()})`)
  for (const node of ['node-a', 'node-b']) {
    const lines = await until(`3 sessions of ${node}`, async () => {
      const text = await project.exec(node, 'tortie', 'bgp', 'peers')
      return text.split('\n').filter((line) => line.includes(' Established ')).length === 3 ? text : undefined
    })
    account.show(`${node}# tortie bgp peers`, lines)
    account.prove(`${node}: 3 of 3 sessions Established`, true)
  }
  const bird = await until('3 sessions of bird', async () => {
    const text = await project.exec('bird', 'birdc', 'show', 'protocols')
    return text.match(/ BGP .* Established/g)?.length === 3
  })
  account.prove('bird: 3 of 3 sessions Established', bird)
  const frr = await until('3 sessions of frr', async () => {
    const { ipv4Unicast } = JSON.parse(await project.exec('frr', 'vtysh', '-c', 'show bgp summary json')) as FrrSummary
    return Object.values(ipv4Unicast.peers).filter(({ state }) => state === 'Established').length === 3
  })
  account.prove('frr: 3 of 3 sessions Established', frr)
}

type FrrSummary = { readonly ipv4Unicast: { readonly peers: Readonly<Record<string, { readonly state: string }>> } }

async function routesAreInTheKernels(project: ComposeProject): Promise<void> {
  account.step(`Routes in the four kernels (${elapsed()})`)
  for (const [node, own] of Object.entries(podCidrs)) {
    const others = Object.values(podCidrs).filter((cidr) => cidr !== own)
    const routes = await until(`${node} has ${others.join(', ')}`, async () => {
      const lines = (await project.exec(node, 'ip', 'route')).split('\n').filter((line) => line.includes('10.244.'))
      const has = (cidr: string) => lines.some((line) => line.startsWith(`${cidr} via 10.99.0.`) || line.startsWith(`${cidr} nhid`))
      return others.every(has) ? lines : undefined
    })
    account.show(`${node}# ip route | grep 10.244`, routes.join('\n'))
    account.prove(`${node} routes ${others.join(', ')}`, true)
  }
}

const web = { address: '10.244.1.10', port: 8080 }

async function policyDecides(project: ComposeProject): Promise<void> {
  account.step(`Packets: web takes TCP 8080 from role=client only (${elapsed()})`)
  for (const node of ['node-a', 'node-b'])
    await until(`${node} has programmed its pods`, async () => (await project.exec(node, 'tortie', 'status')).includes('Problems: none'))
  for (const [router, address] of Object.entries({ bird: '10.244.3.1', frr: '10.244.4.1' }))
    account.prove(`ping client -> ${address} behind ${router}`, await pings(project, 'client', address))
  account.prove(`client: TCP ${web.address}:${web.port} answers`, await reachesWeb(project, 'client'))
  account.prove(`client: ping ${web.address} is dropped`, !(await pings(project, 'client', web.address)))
  account.prove(`other: TCP ${web.address}:${web.port} is dropped`, !(await reachesWeb(project, 'other')))
  await project.run('run', '--rm', 'resources-a', 'delete', '-f', '/resources/policy.yaml')
  account.prove('other: TCP answers once the policy is deleted', await reachesWeb(project, 'other'))
  await project.run('run', '--rm', 'resources-a', 'apply', '-f', '/resources/policy.yaml', '--wait')
  account.prove('other: TCP is dropped again once it is applied', !(await reachesWeb(project, 'other')))
}

async function reachesWeb(project: ComposeProject, from: string): Promise<boolean> {
  const call = ['socat', '-T2', '-', `TCP:${web.address}:${web.port},connect-timeout=2`]
  return project.exec(from, ...call).then(
    (text) => text === 'hello from web',
    () => false,
  )
}

function pings(project: ComposeProject, from: string, to: string): Promise<boolean> {
  return project.succeeds(from, 'ping', '-c1', '-W2', to)
}

async function takeDown(engine: DockerEngine, project: ComposeProject, before: string): Promise<void> {
  account.step(`Taking it down (${elapsed()})`)
  try {
    await project.down()
    account.prove('no container, network or volume is left', (await project.remains()).length === 0)
  } finally {
    await engine.close()
  }
  if (engine.isOwn) account.prove("this machine's interfaces, routes and rules are as before", (await machineNetwork()) === before)
  console.log(`  ${elapsed()} in all`)
}

async function machineNetwork(): Promise<string> {
  const commands = [['ip', '-o', 'link'], ['ip', 'route'], ['iptables-save']]
  const texts = await Promise.all(commands.map(([command = '', ...args]) => execa(command, args)))
  return texts.map(({ stdout }) => stdout.replaceAll(/^#.*|\[\d+:\d+\]/gm, '')).join('\n')
}

function elapsed(): string {
  return `${((performance.now() - began) / 1000).toFixed(0)} s`
}

process.exitCode = await main()
