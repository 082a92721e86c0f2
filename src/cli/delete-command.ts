/** `tortie delete -f FILE|-|DIR` and `tortie delete KIND NAME [-n NS]`. */
import type { Command } from 'commander'
import { send } from './apply-command.ts'
import type { Server } from './client.ts'
import { clientCommand, type Io, type Output, outputOption, parseWait } from './command.ts'
import { withExamples } from './examples.ts'
import { misused } from './failure.ts'
import { type Input, readInput } from './input-files.ts'
import { findKind } from './kind-names.ts'

type Options = {
  readonly server: Server
  readonly filename?: readonly string[]
  readonly namespace?: string
  readonly dryRun: boolean
  readonly wait?: number | true
  readonly output: Output
}

export function deleteCommand(io: Io): Command {
  const command = clientCommand('delete', 'delete resources, all or none')
    .argument('[kind]', 'kind, plural or short name, or KIND/NAME')
    .argument('[name...]', 'names of that kind')
    .option('-f, --filename <path...>', 'files, directories (*.yaml, *.yml, *.json), or - for stdin')
    .option('-n, --namespace <namespace>', 'namespace of the named resources (default: default)')
    .option('--dry-run', 'show what would be deleted, and which flows would be allowed or denied', false)
    .option('--wait [seconds]', 'answer once the node has programmed it', parseWait)
    .addOption(outputOption())
    .action(async (kind: string | undefined, names: readonly string[], options: Options) => {
      await send(io, '/v1/delete', await inputOf(io, kind, names, options), options)
    })
  return withExamples(command, 'tortie delete -f web.yaml', 'tortie delete networkpolicy web db -n shop')
}

async function inputOf(io: Io, kind: string | undefined, names: readonly string[], options: Options): Promise<Input> {
  if (options.filename !== undefined) {
    if (kind !== undefined) throw misused('give either -f or KIND NAME, not both')
    return await readInput(options.filename, io.stdin)
  }
  const [kindPart, ...rest] = names.length === 0 ? (kind?.split('/') ?? []) : [kind]
  const given = rest.length === 0 ? names : [rest.join('/')]
  if (kindPart === undefined || given.length === 0) throw misused('delete what? Give -f FILE or KIND NAME')
  const { apiVersion, kind: exact, namespaced } = findKind(kindPart)
  if (!namespaced && options.namespace !== undefined) throw misused(`${exact} is in no namespace: leave out -n`)
  const namespace = namespaced ? (options.namespace ?? 'default') : undefined
  const documents = given.map((name) => ({ apiVersion, kind: exact, metadata: { name, namespace } }))
  return { text: JSON.stringify(documents.length === 1 ? documents[0] : documents), sources: [] }
}
