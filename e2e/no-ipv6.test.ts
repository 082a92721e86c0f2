/** A kernel started with `ipv6.disable=1`: the second one. Each test of no-ipv6-scenario.ts is a subtest here. */
import path from 'node:path'
import t from 'tap'
import { SecondKernel } from './lab/second-kernel.ts'

const scenario = path.join(import.meta.dirname, 'no-ipv6-scenario.ts')
const kernel = SecondKernel.run({ command: [process.execPath, scenario], parameters: ['ipv6.disable=1'], withinSec: 120 })
t.teardown(() => kernel.remove())

await t.stdin('in the second kernel', { tapStream: kernel.output, timeout: 0 })

t.test('the second kernel ran the scenario to its end', async (t) => {
  t.equal(await kernel.ended(), 0)
  if (!t.passing()) t.comment(kernel.log)
})
