import { EventEmitter, once } from 'node:events'
import { pino } from 'pino'
import t from 'tap'
import { run } from '../src/os/process.ts'
import type { Backend } from './iptables-tool.ts'
import { LegacyGeneration } from './legacy-generation.ts'
import { NftGeneration } from './nft-generation.ts'
import { RulesWatch } from './rules-watch.ts'
import { enterNetns } from './test-netns.ts'

await enterNetns()
const awake = setInterval(() => undefined, 1_000) // the watch alone keeps no process alive
t.teardown(() => clearInterval(awake))

async function must(command: string, args: string): Promise<void> {
  const { exitCode, stderr } = await run(command, args.split(' '), { timeoutMs: 20_000 })
  if (exitCode !== 0) throw new Error(`${command} ${args}: ${stderr}`)
}

const generations = { nft: NftGeneration, legacy: LegacyGeneration }

for (const backend of ['nft', 'legacy'] as const) {
  const tool = `iptables-${backend}`

  t.test(`${tool}: the generation is another after each change, and the same after looking`, async (t) => {
    const generation = await generations[backend].open()
    t.teardown(() => generation.close())
    await must(tool, '-A FORWARD -j ACCEPT')
    let last = generation.read()
    t.type(last, 'string')
    await must(`${tool}-save`, '-t filter')
    t.equal(generation.read(), last)
    for (const change of ['-I FORWARD -i docker0 -j ACCEPT', '-N OTHER', '-D FORWARD -i docker0 -j ACCEPT', '-F']) {
      await must(tool, change)
      const now = generation.read()
      t.not(now, last, change)
      last = now
    }
    await must(`ip6tables-${backend}`, '-A FORWARD -j ACCEPT')
    t.not(generation.read(), last, 'IPv6')
  })

  t.test(`${tool}: a watch says that somebody changed a rule, and nothing while nobody does`, async (t) => {
    const heard = new EventEmitter()
    let changes = 0
    const onChange = () => {
      changes += 1
      heard.emit('change')
    }
    const watch = new RulesWatch({ backend: () => backend, onChange, log: pino({ level: 'silent' }) })
    t.teardown(() => watch.close())
    await once(heard, 'change') // the first look
    const [next] = [once(heard, 'change'), await must(tool, '-A FORWARD -i docker0 -j ACCEPT')]
    await next
    t.equal(changes, 2)
  })
}

t.test('where no legacy table is, looking makes none', async (t) => {
  await enterNetns()
  const generation = await LegacyGeneration.open()
  t.teardown(() => generation.close())
  t.equal(generation.read(), undefined)
  t.equal(generation.read(), undefined)
})

t.test('a watch before the backend is chosen asks nobody; after another choice it asks the other', async (t) => {
  let chosen: Backend | undefined
  const heard = new EventEmitter()
  const asked: (Backend | undefined)[] = []
  const backend = () => {
    asked.push(chosen)
    heard.emit('asked')
    return chosen
  }
  const watch = new RulesWatch({ backend, onChange: () => heard.emit('change'), log: pino({ level: 'silent' }) })
  t.teardown(() => watch.close())
  await once(heard, 'asked')
  chosen = 'legacy'
  await must('iptables-legacy', '-A FORWARD -j ACCEPT')
  await once(heard, 'change')
  chosen = 'nft'
  await once(heard, 'change')
  t.strictSame([...new Set(asked)], [undefined, 'legacy', 'nft'])
})
