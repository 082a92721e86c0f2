import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openEmbedded } from './embedded.ts'
import { holdStore } from './hold-store.ts'

t.test('a store that an agent has is in use; once the agent has ended it is not', async (t) => {
  const directory = t.testdir()
  const opened = await openEmbedded(directory)
  if (opened.type === 'problem') throw new Error(opened.problem)
  t.strictSame(holdStore(directory), { type: 'in use' })
  await opened.datastore.close()
  const hold = holdStore(directory)
  t.equal(hold.type, 'held')
  t.match(await openEmbedded(directory), { type: 'problem', problem: /in use/ }, 'no agent starts meanwhile')
  if (hold.type === 'held') hold.release()
  const again = await openEmbedded(directory)
  t.equal(again.type, 'open')
  if (again.type === 'open') await again.datastore.close()
})

t.test('where no store is, none is made', async (t) => {
  const directory = join(t.testdir(), 'absent')
  t.equal(holdStore(directory).type, 'held')
  t.equal(existsSync(directory), false)
})

t.test('a file that is no store is left as it is', async (t) => {
  const directory = t.testdir()
  const path = join(directory, 'tortie.db')
  const noise = Buffer.alloc(5000, 'noise')
  writeFileSync(path, noise)
  t.equal(holdStore(directory).type, 'held')
  t.strictSame(readFileSync(path), noise)
})
