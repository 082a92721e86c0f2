/** `tortie agent`: configuration, store and node; then whatever the signals say until the end. */
import type { Logger } from 'pino'
import { copiesPackets } from '../felix/nflog/nflog-listener.ts'
import { runCleanup } from './cleanup-command.ts'
import { openEmbedded } from './datastore/embedded.ts'
import { EventLog } from './event-log.ts'
import type { StatusProblem } from './http/agent-face.ts'
import { inTurn } from './in-turn.ts'
import { createLog } from './log.ts'
import { Node } from './node.ts'
import { nodeFacts } from './node-facts.ts'
import { excessCapabilities } from './os/capabilities.ts'
import { hostName } from './os/host-name.ts'
import { connectedSubnets } from './os/interfaces.ts'
import { kernelHasIpv6 } from './os/kernel-ipv6.ts'
import { returnLargeMemory } from './os/large-memory.ts'
import { openServiceManager, type ServiceManager } from './os/service-manager.ts'
import { limitThreadsAlone, trimMemory, trimWhenQuiet } from './os/trim-memory.ts'
import { readConfig } from './read-config.ts'

export type AgentCommand = { readonly configFile: string; readonly check: boolean; readonly cleanup: boolean }

/** Resolves to the exit code when the agent has ended: 0 after SIGTERM or SIGINT, 1 when it cannot run, 2 for a configuration mistake. */
export async function runAgent({ configFile, check, cleanup }: AgentCommand): Promise<number> {
  const read = await readConfig(configFile, process.env)
  if (read.config === undefined) return fail(read.mistakes, 2)
  if (check) {
    console.log(`${configFile} is valid`)
    return 0
  }
  if (cleanup) {
    const { exitCode, lines, problems } = await runCleanup(read.config)
    for (const line of lines) console.log(line)
    return exitCode === 0 ? 0 : fail(problems, exitCode)
  }
  limitThreadsAlone()
  await returnLargeMemory()
  const opened = await openEmbedded(read.config.datastore.path)
  if (opened.type === 'problem') return fail([opened.problem], 1)
  const facts = nodeFacts(read.config, opened.datastore, {
    hostName: hostName(),
    connected: connectedSubnets(),
    hasIpv6: await kernelHasIpv6(),
    copiesPackets: await copiesPackets(read.config.felix.flowLog.group),
  })
  if (facts === undefined) {
    await opened.datastore.close()
    return fail(['no interface of this machine has an IPv4 address that can be the underlay: set node.ipv4'], 1)
  }

  const events = new EventLog()
  const { log, setLevel } = await createLog(read.config.log.level ?? 'info', events)
  const node = new Node(
    read,
    { ...facts, notes: [...facts.notes, ...startNotes(read.warnings)] },
    { log, setLogLevel: setLevel, events, store: opened.datastore },
  )
  const service = await openServiceManager(process.env, {
    onFailure: (reason) => log.warn({ reason }, 'the service manager cannot be told how the agent is'),
  })
  const ended = untilSignal()
  const started = node.start()
  let isStopping = false
  const reload = inTurn(started, async () => {
    if (!isStopping) await changeSettings(node, configFile, log, node.isProgrammed ? service : undefined)
  })
  process.on('SIGHUP', reload)
  const problem = await started
  const stopTrimming = trimWhenQuiet(trimMemory(), () => node.applies)
  if (problem === undefined && !node.isProgrammed) service.waiting('the node is not programmed yet: "tortie status" says why')
  void node.programmed.then(() => {
    if (problem === undefined && !isStopping) service.ready(`${facts.name} is programmed`)
  })
  if (problem === undefined) log.info({ signal: await ended }, 'stopping; the dataplane stays as it is')
  isStopping = true
  stopTrimming()
  service.stopping()
  await node.stop()
  process.off('SIGHUP', reload)
  return problem === undefined ? 0 : fail([problem], 1)
}

function fail(lines: readonly string[], exitCode: number): number {
  for (const line of lines) console.error(`tortie: ${line}`)
  return exitCode
}

/** What is worth knowing of how the agent was started. */
function startNotes(warnings: readonly string[]): readonly StatusProblem[] {
  const capabilities = excessCapabilities()
  return [
    ...warnings.map((message) => warning('api', message)),
    ...(capabilities === undefined ? [] : [warning('node/capabilities', capabilities)]),
  ]
}

function warning(subject: string, message: string): StatusProblem {
  return { severity: 'warning', subject, message }
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
}

/**
 * SIGHUP: a configuration with mistakes changes nothing.
 * @param service undefined while it waits for the node to be programmed
 */
async function changeSettings(node: Node, configFile: string, log: Logger, service: ServiceManager | undefined): Promise<void> {
  service?.reloading()
  const read = await readConfig(configFile, process.env)
  if (read.config === undefined) {
    log.error({ mistakes: read.mistakes }, 'the configuration has mistakes and was not taken')
    service?.ready('running; the new configuration has mistakes and was not taken')
    return
  }
  for (const warning of read.warnings) log.warn({ warning }, 'the configuration leaves something open')
  const needRestart = node.change(read)
  if (needRestart.length > 0) log.warn({ sections: needRestart }, 'the configuration was taken, but these sections need a restart')
  else log.info({ configFile }, 'the configuration was taken')
  service?.ready('running with the new configuration')
}
