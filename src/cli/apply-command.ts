/** `tortie apply -f FILE|-|DIR`. */
import type { Command } from 'commander'
import { type Call, call, type Server } from './client.ts'
import { clientCommand, formatted, type Io, type Output, outputOption, parseWait, problemLine } from './command.ts'
import { withExamples } from './examples.ts'
import { refused } from './failure.ts'
import { type FlowEffect, flowLines } from './flow-effect-text.ts'
import { type Input, placeOf, readInput } from './input-files.ts'

type Options = {
  readonly server: Server
  readonly filename: readonly string[]
  readonly dryRun: boolean
  readonly wait?: number | true
  readonly output: Output
}

type Answer = { readonly revision: number; readonly results: readonly Result[]; readonly flows?: FlowEffect }
type Result = { readonly kind: string; readonly namespace?: string; readonly name: string; readonly result: string }

const defaultWaitSec = 30
const marginSec = 10

export function applyCommand(io: Io): Command {
  const command = clientCommand('apply', 'create or update resources, all or none')
    .requiredOption('-f, --filename <path...>', 'files, directories (*.yaml, *.yml, *.json), or - for stdin')
    .option('--dry-run', 'check, and show what would change, also which flows would be allowed or denied', false)
    .option('--wait [seconds]', `answer once the node has programmed it (default ${defaultWaitSec})`, parseWait)
    .addOption(outputOption())
    .action(async (options: Options) => {
      const input = await readInput(options.filename, io.stdin)
      await send(io, '/v1/apply', input, options)
    })
  return withExamples(command, 'tortie apply -f policies/ -f web.yaml --dry-run', 'tortie apply -f web.yaml --wait 10')
}

/** Posts the documents and prints a line per resource. Shared with `tortie delete`. */
export async function send(io: Io, path: string, input: Input, options: Omit<Options, 'filename'>): Promise<void> {
  const reply = await call(options.server, request(path, input, options))
  const place = ({ line }: { line?: number }) => (line === undefined ? '' : placeOf(input, line))
  if (reply.status >= 400 && reply.status !== 504) {
    const advice = reply.status === 409 ? ': get it again and repeat your change' : ''
    throw refused(`${problemLine(reply, place)} (nothing was changed${advice})`)
  }
  const answer = reply.body as Answer
  const lines = () => [...answer.results.map((result) => line(result, options.dryRun)), ...(answer.flows ? flowLines(answer.flows) : [])]
  const text = (await formatted(options.output, answer)) ?? lines().join('\n')
  if (text !== '') io.stdout.write(`${text}\n`)
  if (reply.status === 504) throw refused(`${problemLine(reply)} (it is stored: "tortie status" shows what holds it back)`)
}

function request(path: string, input: Input, { dryRun, wait }: Omit<Options, 'filename'>): Call {
  const waitSec = wait === true ? defaultWaitSec : wait
  const query = new URLSearchParams({ ...(dryRun && { dryRun: 'true' }), ...(waitSec !== undefined && { wait: String(waitSec) }) })
  return {
    method: 'POST',
    path: `${path}?${query.toString()}`,
    body: input.text,
    ...(input.format && { format: input.format }),
    timeoutSec: (waitSec ?? defaultWaitSec) + marginSec,
  }
}

function line({ kind, namespace, name, result }: Result, dryRun: boolean): string {
  const subject = namespace === undefined ? name : `${namespace}/${name}`
  return `${kind} ${subject} ${result}${dryRun ? ' (dry run)' : ''}`
}
