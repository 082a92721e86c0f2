/** Three of the deliberate mistakes of conformance/mutations.ts are noticed; all of them: `npm run conformance:mutations`. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { mutations } from './conformance/mutations.ts'
import { agentCommand } from './lab/agent-command.ts'
import { catchMutation } from './lab/conformance-mutant.ts'

const sample = mutations.filter((_, index) => index % 16 === 5)

for (const mutation of sample) {
  t.test(`noticed: ${mutation.name}`, async (t) => t.not(await catchMutation(mutation), undefined))
}

t.test('a spot that the build does not have is an error, not a pass', async (t) => {
  const [mutation] = sample
  if (mutation === undefined) throw new Error('no mutation')
  await t.rejects(catchMutation({ ...mutation, find: 'nowhere to be found' }), /has the spot 0 times/)
})

t.test('every spot is in the build, once', async (t) => {
  const [, main = ''] = agentCommand()
  const dist = path.dirname(path.dirname(main))
  for (const { name, file, find } of mutations) t.equal((await readFile(path.join(dist, file), 'utf8')).split(find).length, 2, name)
})
