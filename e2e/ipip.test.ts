/** IP-in-IP with real packets. This machine's kernel may lack it, so ipip-scenario.ts runs in a second one; each of its tests is a subtest here. */
import path from 'node:path'
import t from 'tap'
import { SecondKernel } from './lab/second-kernel.ts'

const scenario = path.join(import.meta.dirname, 'ipip-scenario.ts')
const kernel = SecondKernel.run({ command: [process.execPath, scenario], withinSec: 380 })
t.teardown(() => kernel.remove())

await t.stdin('in the second kernel', { tapStream: kernel.output, timeout: 0 })

t.test('the second kernel ran the scenario to its end', async (t) => {
  t.equal(await kernel.ended(), 0)
  if (!t.passing()) t.comment(kernel.log)
})
