/** `tortie completion SHELL`, and `tortie complete -- WORDS`, which the script it prints calls. */
import { readdirSync } from 'node:fs'
import { Argument, Command } from 'commander'
import { defaultServer, type Server } from './client.ts'
import { ask, clientCommand, type Io } from './command.ts'
import { type Completion, completionOf, type Suggestion } from './completion-words.ts'
import { withExamples } from './examples.ts'
import { CliFailure } from './failure.ts'
import { findKind, resourcePath } from './kind-names.ts'
import { serverOf } from './server-options.ts'

type List = { readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[] }

/** Nobody waits longer for a TAB. */
const timeoutSec = 1

/** Bits of what the script is told last: no space behind the word, and no file names of the shell's own. */
const noSpace = 2
const noFiles = 4

export function completionCommand(): Command {
  const command = new Command('completion')
    .description('print the script that completes commands, kinds and names at the TAB key')
    .addArgument(new Argument('<shell>', 'bash needs the package bash-completion').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: string) => {
      const { script } = await import('@bomb.sh/tab')
      script(shell, 'tortie', 'tortie') // to stdout
    })
  return withExamples(command, 'source <(tortie completion bash)', 'tortie completion fish > ~/.config/fish/completions/tortie.fish')
}

/** @param program whose commands are suggested */
export function completeCommand(io: Io, program: Command): Command {
  return clientCommand('complete', 'what the completion script asks')
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const completion = completionOf(program, words)
      const word = words.at(-1) ?? ''
      const found = (await suggestions(completion, word, io)).filter(([suggestion]) => suggestion.startsWith(word) && isPlain(suggestion))
      for (const [suggestion, meaning] of found) io.stdout.write(`${suggestion}\t${meaning.split('\n')[0]}\n`)
      const isDirectory = found.length === 1 && found[0]?.[0].endsWith('/') === true
      io.stdout.write(`:${noFiles + (isDirectory ? noSpace : 0)}\n`)
    })
}

/** bash expands the words it is given once more: nothing that it could run gets there, whoever named it. */
function isPlain(word: string): boolean {
  return /^[A-Za-z0-9._:/@+,-]+$/.test(word)
}

/** Silent where no agent answers. */
async function suggestions(completion: Completion, word: string, { env }: Io): Promise<readonly Suggestion[]> {
  if (completion.type === 'words') return completion.words
  if (completion.type === 'nothing') return []
  if (completion.type === 'files') return files(word)
  try {
    const server = serverOf({ server: env.TORTIE_SERVER || defaultServer, ...Object.fromEntries(completion.given) }, env)
    return await fromAgent(completion, server)
  } catch (error) {
    if (error instanceof CliFailure) return []
    throw error
  }
}

async function fromAgent({ given, ...completion }: Exclude<Completion, { type: 'words' }>, server: Server): Promise<readonly Suggestion[]> {
  const get = (path: string) => ask(server, { method: 'GET', path, timeoutSec })
  const list = async (path: string) => ((await get(path)) as List).items.map(({ metadata }) => metadata)
  if (completion.type === 'names') {
    const kind = findKind(completion.kind)
    const within = kind.namespaced ? (given.get('namespace') ?? 'default') : undefined
    return (await list(resourcePath(kind, within))).map(({ name }) => [name, kind.kind])
  }
  if (completion.type === 'namespaces') return (await list(resourcePath(findKind('namespace')))).map(({ name }) => [name, ''])
  if (completion.type === 'endpoints')
    return (await list(resourcePath(findKind('workloadendpoint')))).map(({ name, namespace = '' }) => [`${namespace}/${name}`, ''])
  const { peers } = (await get('/v1/bgp/peers')) as { readonly peers: readonly { readonly name: string; readonly state: string }[] }
  return peers.map(({ name, state }) => [name, state])
}

function files(word: string): readonly Suggestion[] {
  const directory = word.slice(0, word.lastIndexOf('/') + 1)
  try {
    return readdirSync(directory || '.', { withFileTypes: true }).map((entry) => [
      `${directory}${entry.name}${entry.isDirectory() ? '/' : ''}`,
      '',
    ])
  } catch {
    return [] // a directory that is not there has no files
  }
}
