import t from 'tap'
import { RarelyRead } from './rarely-read.ts'

t.test('read when somebody asks, kept for a second or a hundred times what it took', async (t) => {
  let nowMs = 0
  let readings = 0
  const rarely = new RarelyRead(
    () => nowMs,
    async () => {
      nowMs += 50
      return { reading: ++readings }
    },
    { reading: 0 },
  )
  const first = await rarely.read()
  t.strictSame(first, { reading: 1 })
  nowMs += 4_999
  t.equal(await rarely.read(), first, 'the same object')
  nowMs += 1
  t.strictSame(await rarely.read(), { reading: 2 })
})

t.test('those who ask meanwhile share one reading; one that fails is told to all and tried again', async (t) => {
  let fails = true
  let readings = 0
  const rarely = new RarelyRead(
    () => 0,
    async () => {
      readings++
      if (fails) throw new Error('not now')
      return readings
    },
    0,
  )
  const both = await Promise.allSettled([rarely.read(), rarely.read()])
  t.strictSame([both.map(({ status }) => status), readings], [['rejected', 'rejected'], 1])
  fails = false
  t.strictSame([await rarely.read(), await rarely.read()], [2, 2])
})
