/** Three of the deliberate mistakes of conformance/mutations.ts are noticed; all of them: `npm run conformance:mutations`. */
import t from 'tap'
import { mutations } from './conformance/mutations.ts'
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
