/** `tortie diags`: one archive to attach to a bug report. No secret is in it; what could not be had is named in its README. */
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import type { Server } from './client.ts'
import { clientCommand, type Io } from './command.ts'
import type { DiagsFile } from './diags-file.ts'
import { withExamples } from './examples.ts'
import { refused } from './failure.ts'

type Options = { readonly server: Server; readonly output?: string }

export function diagsCommand(io: Io): Command {
  const command = clientCommand(
    'diags',
    'collect what a bug report needs in one archive: agent, resources, routes, kernel state; no secrets',
  )
    .option('-o, --output <file>', 'where to (default: tortie-diags-TIME.tar.gz here)')
    .action(async ({ server, output }: Options) => {
      const now = new Date()
      const name = `tortie-diags-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
      const files = await collect(server)
      const file = output ?? `${name}.tar.gz`
      const octets = await write(file, name, [readme(files, now), ...files], now)
      io.stdout.write(`${file}: ${files.length} files, ${Math.ceil(octets / 1024)} KiB\n`)
      for (const { name, problem } of files) if (problem !== undefined) io.stderr.write(`tortie: ${name}: ${oneLine(problem)}\n`)
    })
  return withExamples(command, 'tortie diags -o /tmp/node-a.tar.gz')
}

async function collect(server: Server): Promise<readonly DiagsFile[]> {
  const [{ agentFiles }, { machineFiles }, { run }] = await Promise.all([
    import('./diags-agent.ts'),
    import('./diags-machine.ts'),
    import('../os/process.ts'),
  ])
  const agent = await agentFiles(server)
  return [...agent, ...(await machineFiles(run, pidOf(agent)))]
}

/** From the answer of GET /v1/config. */
function pidOf(agent: readonly DiagsFile[]): number | undefined {
  const config = agent.find(({ name }) => name === 'agent/config.json')
  return config === undefined || config.text === '' ? undefined : Number(JSON.parse(config.text)?.pid)
}

function readme(files: readonly DiagsFile[], now: Date): DiagsFile {
  const missing = files.flatMap(({ name, problem }) => (problem === undefined ? [] : [`  ${name}: ${oneLine(problem)}`]))
  const lines = [
    `Collected by "tortie diags" at ${now.toISOString()}${process.getuid?.() === 0 ? '' : ', not as root: the kernel tells less then'}.`,
    '',
    'agent/    what the running agent says: status, configuration without secrets, resources, BGP, felix, last events, metrics',
    'kernel/   what the kernel has, each file begins with its command',
    'machine/  versions, limits, memory',
    '',
    missing.length === 0 ? 'Everything could be collected.' : 'Missing or incomplete:',
    ...missing,
  ]
  return { name: 'README.txt', text: `${lines.join('\n')}\n` }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

/** @returns octets written */
async function write(file: string, directory: string, files: readonly DiagsFile[], now: Date): Promise<number> {
  const [{ gzip }, { tar }] = await Promise.all([import('node:zlib'), import('./tar.ts')])
  const archive = tar(
    files.map(({ name, text }) => ({ name: `${directory}/${name}`, text })),
    now.getTime() / 1_000,
  )
  const packed = await promisify(gzip)(archive)
  await writeFile(file, packed, { mode: 0o600 }).catch((error: Error) => {
    throw refused(`cannot write ${file}: ${error.message}: choose another place with -o`, { cause: error })
  })
  return packed.length
}
