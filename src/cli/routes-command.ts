/** `tortie routes`: what the kernel should have, and has. */
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { ask, clientCommand, formatted, type Io, type Output, outputOption } from './command.ts'
import { withExamples } from './examples.ts'
import { table } from './table.ts'

type Item = { readonly name: string; readonly wanted?: unknown; readonly status: { readonly state: string; readonly reason?: string } }
type Page = { readonly items: readonly Item[]; readonly total: number }

export function routesCommand(io: Io): Command {
  const command = clientCommand('routes', 'kernel routes, wanted beside programmed')
    .option('--limit <number>', 'at most so many', '1000')
    .addOption(outputOption())
    .action(async ({ server, output, limit }: { server: Server; output: Output; limit: string }) => {
      const page = (await ask(server, { method: 'GET', path: `/v1/felix/routes?${new URLSearchParams({ limit }).toString()}` })) as Page
      io.stdout.write(`${(await formatted(output, page)) ?? routeTable(page)}\n`)
    })
  return withExamples(command, 'tortie routes --limit 20')
}

function routeTable({ items, total }: Page): string {
  const rows = items.map(({ name, wanted, status }) => [name, wantedText(wanted), status.state, status.reason])
  const rest = total > items.length ? [`${items.length} of ${total} shown: more with --limit`] : []
  return [table(['ROUTE', 'WANTED', 'STATUS', 'REASON'], rows), ...rest].join('\n')
}

function wantedText(wanted: unknown): string | undefined {
  if (wanted === undefined || typeof wanted === 'string') return wanted
  return JSON.stringify(wanted)
}
