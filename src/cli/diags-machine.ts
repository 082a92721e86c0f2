/** What the kernel has, and what machine it is. Nothing is changed: `iptables-legacy-save` would make the tables it is asked for. */
import { readFile } from 'node:fs/promises'
import { version as osVersion, release } from 'node:os'
import type { Run } from '../os/process.ts'
import { version } from '../version.ts'
import { bounded, type DiagsFile } from './diags-file.ts'

type Command = readonly [name: string, command: string, ...args: string[]]

const commands: readonly Command[] = [
  ['links', 'ip', '-details', '-statistics', 'link'],
  ['addresses', 'ip', 'address'],
  ['routes-ipv4', 'ip', '-4', 'route', 'show', 'table', 'all'],
  ['routes-ipv6', 'ip', '-6', 'route', 'show', 'table', 'all'],
  ['rules', 'ip', 'rule'],
  ['rules-ipv6', 'ip', '-6', 'rule'],
  ['neighbours', 'ip', 'neighbour'],
  ['iptables-nft', 'iptables-nft-save', '--counters'],
  ['ip6tables-nft', 'ip6tables-nft-save', '--counters'],
  ['nftables', 'nft', 'list', 'ruleset'],
  ['ipsets', 'ipset', 'save'],
  ['sockets', 'ss', '--tcp', '--listening', '--numeric', '--processes'],
  [
    'sysctls',
    'sysctl',
    '--all',
    '--pattern',
    String.raw`^net\.(ipv[46]\.(ip_forward|conf\..*\.(forwarding|rp_filter|proxy_arp|proxy_ndp|accept_ra|route_localnet|disable_ipv6)|neigh\.default\.gc_thresh|route\.max_size|fib_multipath)|netfilter\.nf_conntrack_(count|max|buckets)|core\.(rmem|wmem)_max)`,
  ],
]

const legacy: readonly [name: string, tables: string, command: string][] = [
  ['iptables-legacy', '/proc/net/ip_tables_names', 'iptables-legacy-save'],
  ['ip6tables-legacy', '/proc/net/ip6_tables_names', 'ip6tables-legacy-save'],
]

const timeoutMs = 20_000

/** Never rejects: what cannot be told is the problem of its file. @param agentPid whose limits are shown, if it is known */
export async function machineFiles(run: Run, agentPid: number | undefined): Promise<readonly DiagsFile[]> {
  const outputs = [...commands, ...(await legacyCommands())].map(([name, ...command]) => output(`kernel/${name}.txt`, command, run))
  const files = [
    '/proc/version',
    '/proc/cmdline',
    '/etc/os-release',
    '/proc/meminfo',
    '/proc/loadavg',
    '/proc/net/snmp',
    '/proc/net/netstat',
  ]
  const limits = agentPid === undefined ? [] : [`/proc/${agentPid}/limits`, `/proc/${agentPid}/status`]
  const read = [...files, ...limits].map((path) => fileOf(`machine/${path.slice(1).replaceAll('/', '-')}.txt`, path))
  return [versions(), ...(await Promise.all([...outputs, ...read]))]
}

/** Only of tables that are there. */
async function legacyCommands(): Promise<readonly Command[]> {
  const found = legacy.map(async ([name, path, command]): Promise<readonly Command[]> => {
    const names = await readFile(path, 'utf8').catch(() => '') // the kernel has no legacy tables then, or hides them from this user
    return names.split('\n').flatMap((table) => (table === '' ? [] : [[`${name}-${table}`, command, '--counters', '--table', table]]))
  })
  return (await Promise.all(found)).flat()
}

async function output(name: string, command: readonly string[], run: Run): Promise<DiagsFile> {
  const [program = '', ...args] = command
  const { exitCode, stdout, stderr } = await run(program, args, { timeoutMs })
  const file = bounded(name, `# ${command.join(' ')}\n${stdout}`)
  if (exitCode === 0) return file
  const reason = stderr.trim().split('\n').at(-1) ?? ''
  return { ...file, text: `${file.text}${stderr}`, problem: `${program} ended with ${exitCode}: ${reason}` }
}

async function fileOf(name: string, path: string): Promise<DiagsFile> {
  try {
    return bounded(name, await readFile(path, 'utf8'))
  } catch (error) {
    return { name, text: '', problem: error instanceof Error ? error.message : String(error) }
  }
}

function versions(): DiagsFile {
  const { node, v8 } = process.versions
  const lines = [`tortie ${version}`, `node ${node} (V8 ${v8}, ${process.arch})`, `kernel ${release()} ${osVersion()}`]
  return { name: 'machine/versions.txt', text: `${lines.join('\n')}\n` }
}
