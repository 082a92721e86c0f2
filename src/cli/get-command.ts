/** `tortie get KIND [NAME]`: what is stored, once or as it changes. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { misused } from './failure.ts'
import { findKind, resourcePath } from './kind-names.ts'
import { type LabelFilter, labelFilter } from './label-filter.ts'
import { headingsOf, rowOf, type Shown } from './resource-table.ts'
import type { Wanted } from './resource-watch.ts'
import { table } from './table.ts'

type Options = {
  readonly server: Server
  readonly namespace?: string
  readonly allNamespaces: boolean
  readonly selector?: LabelFilter
  readonly watch: boolean
  readonly output: Output
}

type List = { readonly items: readonly Shown[] }

export function getCommand(io: Io): Command {
  const command = clientCommand('get', 'show resources')
    .argument('<kind>', 'kind, plural or short name, or KIND/NAME')
    .argument('[name]', 'one of them')
    .option('-n, --namespace <namespace>', 'only this namespace (default: all; with a name: default)')
    .option('-A, --all-namespaces', 'all namespaces, as without -n', false)
    .option('-l, --selector <labels>', 'only those with these labels: KEY=VALUE, KEY!=VALUE, KEY, !KEY, joined by commas', labelFilter)
    .option('-w, --watch', 'go on with what changes, until Ctrl-C', false)
    .addOption(outputOption())
    .action(async (kindText: string, name: string | undefined, options: Options) => {
      const wanted = wantedOf(kindText, name, options)
      if (options.watch) await (await import('./get-watch.ts')).printWatch(io, options, wanted)
      else io.stdout.write(`${await shown(options, wanted)}\n`)
    })
  return withExamples(
    command,
    'tortie get gnp',
    'tortie get workloadendpoints -n shop -l app=web',
    'tortie get gnp/deny-all -o yaml',
    'tortie get wep --watch',
  )
}

function wantedOf(kindText: string, nameText: string | undefined, { namespace, allNamespaces, selector }: Options): Wanted {
  const [kindPart = '', ...rest] = nameText === undefined ? kindText.split('/') : [kindText]
  const name = nameText ?? (rest.length === 0 ? undefined : rest.join('/'))
  const kind = findKind(kindPart)
  if (name === '') throw misused(`${kindText} names no resource: write KIND/NAME`)
  if (!kind.namespaced && namespace !== undefined) throw misused(`${kind.kind} is in no namespace: leave out -n`)
  if (allNamespaces && namespace !== undefined) throw misused('give either -n or -A, not both')
  if (name !== undefined && kind.namespaced && allNamespaces) throw misused('a name is in one namespace: give -n instead of -A')
  if (name !== undefined && selector !== undefined) throw misused('give either a name or -l, not both')
  const within = namespace ?? (kind.namespaced && name !== undefined ? 'default' : undefined)
  return { kind, ...(within !== undefined && { namespace: within }), ...(name !== undefined && { name }), ...(selector && { selector }) }
}

async function shown({ server, output }: Options, { kind, namespace, name, selector }: Wanted): Promise<string> {
  const body = await ask(server, { method: 'GET', path: resourcePath(kind, namespace, name) })
  const kept = name === undefined && selector !== undefined ? filtered(body as List, selector) : body
  const resources = name === undefined ? (kept as List).items : [kept as Shown]
  const rows = () => resources.map((resource) => rowOf(kind, resource))
  return (await formatted(output, kept)) ?? table(headingsOf(kind), rows())
}

function filtered(list: List, selector: LabelFilter): List {
  return { ...list, items: list.items.filter(({ metadata }) => selector(metadata.labels ?? {})) }
}
