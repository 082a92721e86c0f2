/** `tortie drain [--undo] [--wait SECONDS]`. */
import { type Command, InvalidArgumentError } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'

type Options = { readonly server: Server; readonly undo: boolean; readonly wait: number; readonly output: Output }
type Answer = { readonly state: 'none' | 'announced' | 'withdrawn'; readonly since?: string }

const defaultWaitSec = 30
const marginSec = 10

export function drainCommand(io: Io): Command {
  const command = clientCommand(
    'drain',
    'lead traffic away from this node before maintenance: announce its prefixes as going away, then withdraw them',
  )
    .option('--wait <seconds>', 'how long they are announced with GRACEFUL_SHUTDOWN (RFC 8326) before, 0 to 3600', seconds, defaultWaitSec)
    .option('--undo', 'announce them again as before', false)
    .addOption(outputOption())
    .action(async ({ server, undo, wait, output }: Options) => {
      const request = undo
        ? ({ method: 'DELETE', path: '/v1/drain' } as const)
        : ({ method: 'POST', path: `/v1/drain?wait=${wait}`, timeoutSec: wait + marginSec } as const)
      const answer = await ask(server, request)
      io.stdout.write(`${(await formatted(output, answer)) ?? sentence(answer as Answer)}\n`)
    })
  return withExamples(command, 'tortie drain --wait 60', 'tortie drain --undo')
}

function sentence({ state, since }: Answer): string {
  if (state === 'none') return 'not drained: the prefixes of this node are announced'
  if (state === 'announced') return `the prefixes of this node are announced as going away since ${since}`
  return `drained since ${since}: the prefixes of this node are withdrawn, sessions are up; "tortie drain --undo" or a restart brings them back`
}

function seconds(text: string): number {
  if (/^(0|[1-9]\d{0,3})$/.test(text) && Number(text) <= 3_600) return Number(text)
  throw new InvalidArgumentError('It has to be 0 to 3600 seconds.')
}
