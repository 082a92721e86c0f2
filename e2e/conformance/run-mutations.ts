/** `npm run conformance:mutations [part of a name]`: every mistake of mutations.ts, and the scenario that notices it. */
import { catchMutation } from '../lab/conformance-mutant.ts'
import { mutations } from './mutations.ts'

const [part = ''] = process.argv.slice(2)
let missed = 0
for (const mutation of mutations.filter(({ name }) => name.includes(part))) {
  const caught = await catchMutation(mutation)
  if (caught === undefined) missed++
  console.log(
    caught === undefined ? `NOT NOTICED: ${mutation.name}` : `${mutation.name}\n  noticed by: ${caught.scenario}\n  ${caught.what}`,
  )
}
console.log(missed === 0 ? 'every mistake is noticed' : `${missed} not noticed`)
process.exitCode = missed === 0 ? 0 : 1
