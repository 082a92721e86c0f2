/** `tortie get KIND [NAME] [-n NS]`. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { misused } from './failure.ts'
import { findKind, type KindName, resourcePath } from './kind-names.ts'
import { table } from './table.ts'

type Options = { readonly server: Server; readonly namespace?: string; readonly output: Output }

type Shown = {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly creationTimestamp?: string
    readonly resourceVersion?: string
  }
  readonly spec?: Readonly<Record<string, unknown>>
}

/** Columns beside NAMESPACE, NAME and CREATED, of the kinds of projectcalico.org. */
const columns: Readonly<Record<string, readonly [heading: string, field: string][]>> = {
  NetworkPolicy: [
    ['ORDER', 'order'],
    ['SELECTOR', 'selector'],
  ],
  GlobalNetworkPolicy: [
    ['ORDER', 'order'],
    ['SELECTOR', 'selector'],
  ],
  Tier: [['ORDER', 'order']],
  NetworkSet: [['NETS', 'nets']],
  GlobalNetworkSet: [['NETS', 'nets']],
  WorkloadEndpoint: [
    ['NODE', 'node'],
    ['INTERFACE', 'interfaceName'],
    ['NETWORKS', 'ipNetworks'],
  ],
}

export function getCommand(io: Io): Command {
  return clientCommand(io, 'get', 'show resources')
    .argument('<kind>', 'kind, plural or short name')
    .argument('[name]', 'one of them')
    .option('-n, --namespace <namespace>', 'only this namespace (default: all; with a name: default)')
    .addOption(outputOption())
    .action(async (kindText: string, name: string | undefined, { server, namespace, output }: Options) => {
      const kind = findKind(kindText)
      if (!kind.namespaced && namespace !== undefined) throw misused(`${kind.kind} is in no namespace: leave out -n`)
      const within = namespace ?? (kind.namespaced && name !== undefined ? 'default' : undefined)
      const body = await ask(server, { method: 'GET', path: resourcePath(kind, within, name) })
      const resources = name === undefined ? (body as { readonly items: readonly Shown[] }).items : [body as Shown]
      io.stdout.write(`${(await formatted(output, body)) ?? resourceTable(kind, resources)}\n`)
    })
}

function resourceTable(kind: KindName, resources: readonly Shown[]): string {
  const own = (kind.apiVersion === 'projectcalico.org/v3' ? columns[kind.kind] : undefined) ?? []
  const headings = [...(kind.namespaced ? ['NAMESPACE'] : []), 'NAME', ...own.map(([heading]) => heading), 'CREATED']
  const rows = resources.map(({ metadata, spec }) => [
    ...(kind.namespaced ? [metadata.namespace] : []),
    metadata.name,
    ...own.map(([, field]) => fieldText(spec?.[field])),
    metadata.creationTimestamp,
  ])
  return table(headings, rows)
}

function fieldText(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  return Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}
