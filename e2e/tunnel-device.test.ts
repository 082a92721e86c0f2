/** The tunnel table against a real `tunl0`: the tests of felix/network/tunnel-table.root.test.ts in a kernel that has IP-in-IP, and no IPv6. */
import path from 'node:path'
import t from 'tap'
import { SecondKernel } from './lab/second-kernel.ts'

const tests = path.join(import.meta.dirname, '../felix/network/tunnel-table.root.test.ts')
const kernel = SecondKernel.run({ command: [process.execPath, tests, 'netlink'], withinSec: 120 })
t.teardown(() => kernel.remove())

await t.stdin('in the second kernel', { tapStream: kernel.output, timeout: 0 })

t.test('the second kernel ran the tests to their end', async (t) => {
  t.equal(await kernel.ended(), 0)
  if (!t.passing()) t.comment(kernel.log)
})
