import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import type { DockerEngine } from './docker-engine.ts'

const image = 'debian:bookworm-slim'

/** As in the image of the registry: no flush to disk per file, no cache of packages, no translations. */
const settings = {
  'etc/dpkg/dpkg.cfg.d/docker-apt-speedup': 'force-unsafe-io\n',
  'etc/apt/apt.conf.d/docker-clean':
    'Binary::apt::APT::Keep-Downloaded-Packages "0";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n',
  'etc/apt/apt.conf.d/docker-no-languages': 'Acquire::Languages "none";\n',
}

/** Sees to it that the engine has the base image: there already, from the registry, or made from Debian's packages. @returns which */
export async function provideDebianImage(engine: DockerEngine): Promise<string> {
  const has = await execa('docker', ['image', 'inspect', image], { env: engine.env, reject: false })
  if (has.exitCode === 0) return 'the engine has it'
  const pulled = await execa('docker', ['pull', '--quiet', image], { env: engine.env, reject: false, timeout: 60_000 })
  if (pulled.exitCode === 0) return 'pulled'
  const directory = await mkdtemp(path.join(engine.directory ?? '/var/tmp', 'tortie-debian-'))
  try {
    await execa('debootstrap', ['--variant=minbase', 'bookworm', directory, 'http://deb.debian.org/debian'])
    for (const [file, text] of Object.entries(settings)) await writeFile(path.join(directory, file), text)
    await importTree(directory, engine)
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  return 'no registry answers: made with debootstrap'
}

async function importTree(directory: string, engine: DockerEngine): Promise<void> {
  const tar = spawn('tar', ['-C', directory, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await execa('docker', ['import', '-', image], { env: engine.env, input: tar.stdout })
}
