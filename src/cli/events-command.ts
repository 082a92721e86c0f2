/** `tortie events`: what the agent logged last, also where nobody keeps its log. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { table } from './table.ts'

type Event = { readonly time: string; readonly level: string; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }

export function eventsCommand(io: Io): Command {
  const command = clientCommand('events', 'what the agent logged last, from info on')
    .option('--limit <number>', 'at most so many, the newest', '100')
    .addOption(outputOption())
    .action(async ({ server, output, limit }: { server: Server; output: Output; limit: string }) => {
      const body = await ask(server, { method: 'GET', path: `/v1/events?${new URLSearchParams({ limit }).toString()}` })
      io.stdout.write(`${(await formatted(output, body)) ?? eventTable((body as { events: readonly Event[] }).events)}\n`)
    })
  return withExamples(command, 'tortie events --limit 20')
}

function eventTable(events: readonly Event[]): string {
  const rows = events.map(({ time, level, message, fields }) => [time, level, message, fieldsText(fields)])
  return table(['TIME', 'LEVEL', 'MESSAGE', 'FIELDS'], rows)
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' && !/[\s="]/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ')
}
