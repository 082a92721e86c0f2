/** What can stand where the cursor is, read from the commands themselves; pure. */
import type { Argument, Command, Option } from 'commander'
import { kindNames } from './kind-names.ts'

/** One word, and what it means. */
export type Suggestion = readonly [word: string, meaning: string]

/** Words that are known, or what has to be asked for. @property given options typed so far, by attribute name */
export type Completion = { readonly given: ReadonlyMap<string, string> } & (
  | { readonly type: 'words'; readonly words: readonly Suggestion[] }
  | { readonly type: 'names'; readonly kind: string }
  | { readonly type: 'namespaces' | 'endpoints' | 'peers' | 'files' | 'nothing' }
)

/** The meanings of arguments and options, by their names. */
const meanings: Readonly<Record<string, 'namespaces' | 'endpoints' | 'peers' | 'files'>> = {
  namespace: 'namespaces',
  from: 'endpoints',
  to: 'endpoints',
  peer: 'peers',
  filename: 'files',
  config: 'files',
  output: 'files', // where it is no format
  tokenFile: 'files',
  caFile: 'files',
  certFile: 'files',
  keyFile: 'files',
}

/** @param words behind "tortie"; the last one is being typed and may be '' */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const { command, open, given, operands } = follow(program, words.slice(0, -1))
  const word = words.at(-1) ?? ''
  if (open !== undefined) return { given, ...valuesOf(open.attributeName(), open.argChoices) }
  if (word.startsWith('-')) return { given, type: 'words', words: optionsOf(command) }
  if (command.commands.length > 0) return { given, type: 'words', words: operands.length === 0 ? commandsOf(command) : [] }
  return { given, ...operandOf(command.registeredArguments, operands) }
}

type Followed = { command: Command; open: Option | undefined; given: Map<string, string>; operands: string[] }

/** Where the words lead. `open`: an option whose value comes next. */
function follow(program: Command, words: readonly string[]): Followed {
  const at: Followed = { command: program, open: undefined, given: new Map(), operands: [] }
  for (const word of words) {
    if (at.open !== undefined) {
      at.given.set(at.open.attributeName(), word)
      at.open = undefined
    } else if (word.startsWith('-')) {
      const [flag, value] = word.split('=')
      const option = at.command.options.find(({ long, short }) => long === flag || short === flag)
      if (option !== undefined && value !== undefined) at.given.set(option.attributeName(), value)
      else if (option?.required) at.open = option
    } else {
      const below = at.command.commands.find((command) => command.name() === word)
      if (below === undefined) at.operands.push(word)
      else at.command = below
    }
  }
  return at
}

type Values =
  | { readonly type: 'words'; readonly words: readonly Suggestion[] }
  | { readonly type: Exclude<Completion['type'], 'words' | 'names'> }

function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { type: 'words', words: choices.map((choice) => [choice, '']) }
  return { type: meanings[name] ?? 'nothing' }
}

function operandOf(known: readonly Argument[], operands: readonly string[]): Values | { readonly type: 'names'; readonly kind: string } {
  const last = known.at(-1)
  const argument = known[operands.length] ?? (last?.variadic ? last : undefined)
  if (argument === undefined) return { type: 'nothing' }
  if (argument.name() === 'kind') return { type: 'words', words: kindWords() }
  const [kind] = operands
  if (argument.name() === 'name' && kind !== undefined) return { type: 'names', kind }
  return valuesOf(argument.name(), argument.argChoices)
}

function optionsOf({ options }: Command): readonly Suggestion[] {
  return options.flatMap(({ long, short, description, hidden }) =>
    hidden ? [] : [long, short].flatMap((flag): Suggestion[] => (flag ? [[flag, description]] : [])),
  )
}

function commandsOf(command: Command): readonly Suggestion[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((below) => [below.name(), below.description()])
}

/** Where two kinds share their plural, the second is meant with its group. */
function kindWords(): readonly Suggestion[] {
  const seen = new Set<string>()
  return kindNames.map(({ apiVersion, kind, plural }) => {
    const word = seen.has(plural) ? `${plural}.${apiVersion.split('/')[0]}` : plural
    seen.add(plural)
    return [word, kind]
  })
}
