/** `tortie datastore export` and `import`: everything that is stored, as one YAML stream. */
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { asWritten, readAllResources } from './all-resources.ts'
import { send } from './apply-command.ts'
import type { Server } from './client.ts'
import { clientCommand, type Io, type Output, outputOption, parseWait } from './command.ts'
import { withExamples } from './examples.ts'
import { refused } from './failure.ts'
import { type Input, readInput } from './input-files.ts'

type ImportOptions = {
  readonly server: Server
  readonly filename: readonly string[]
  readonly merge: boolean
  readonly dryRun: boolean
  readonly wait?: number | true
  readonly output: Output
}

export function datastoreCommand(io: Io): Command {
  return new Command('datastore')
    .description('everything that is stored, as one file')
    .addCommand(exportCommand(io))
    .addCommand(importCommand(io))
}

function exportCommand(io: Io): Command {
  const command = clientCommand('export', 'all resources of one moment as YAML that import takes; there are no secrets in it')
    .option('-f, --filename <file>', 'where to (default: stdout)')
    .action(async ({ server, filename }: { server: Server; filename?: string }) => {
      const { revision, resources } = await readAllResources(server)
      const { stringify } = await import('yaml')
      const written = resources.map(asWritten)
      const text = `# ${written.length} resources at revision ${revision}\n${written.map((each) => `---\n${stringify(each)}`).join('')}`
      if (filename === undefined) io.stdout.write(text)
      else await write(filename, text)
      if (written.length > maxResources || Buffer.byteLength(JSON.stringify(written)) > maxJson)
        io.stderr.write('tortie: this is more than one import takes (10,000 resources, 8 MiB as JSON): split it, and import with --merge\n')
    })
  return withExamples(command, 'tortie datastore export > backup.yaml')
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 }).catch((error: Error) => {
    throw refused(`cannot write ${file}: ${error.message}: choose another place`, { cause: error })
  })
}

function importCommand(io: Io): Command {
  const command = clientCommand('import', 'store what export wrote, all or none')
    .requiredOption('-f, --filename <path...>', 'files, directories (*.yaml, *.yml, *.json), or - for stdin')
    .option('--merge', 'also into a store that holds something: create and update, delete nothing', false)
    .option('--dry-run', 'check, and show what would change', false)
    .option('--wait [seconds]', 'answer once the node has programmed it', parseWait)
    .addOption(outputOption())
    .action(async (options: ImportOptions) => {
      if (!options.merge) await insistOnEmpty(options.server)
      await send(io, '/v1/apply', await smallEnough(await readInput(options.filename, io.stdin)), options)
    })
  return withExamples(command, 'tortie datastore import -f backup.yaml --wait 60')
}

async function insistOnEmpty(server: Server): Promise<void> {
  const { length } = (await readAllResources(server)).resources
  if (length > 0) throw refused(`the store holds ${length} resources already: --merge writes beside and over them (nothing was changed)`)
}

/** What the API takes in one request, texts in octets. */
const maxResources = 10_000
const maxYaml = 2 * 1024 * 1024
const maxJson = 4 * maxYaml

/** What is too large as YAML goes as JSON, in which mistakes have no lines. */
async function smallEnough(input: Input): Promise<Input> {
  if (Buffer.byteLength(input.text) <= maxYaml) return input
  const { parseAllDocuments } = await import('yaml')
  const documents = parseAllDocuments(input.text)
  const mistake = 'empty' in documents ? undefined : documents.flatMap(({ errors }) => errors)[0]
  if (mistake !== undefined) throw refused(`not parsable: ${mistake.message} (nothing was changed)`)
  const values = [...documents].map((document) => document.toJS({ maxAliasCount: 0 }))
  return { text: JSON.stringify(values.filter((value) => value !== null)), format: 'json', sources: [] }
}
