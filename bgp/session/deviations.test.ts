import t from 'tap'
import { Deviations } from './deviations.ts'

function recorder() {
  const lines: object[] = []
  const note = (fields: object) => void lines.push(fields)
  const clock = { now: 0 }
  const deviations = new Deviations({ debug: note, info: note, error: note, warn: note }, () => clock.now)
  return { lines, clock, deviations }
}

t.test('RFC 7606 §8 deviations are logged, but a peer cannot fill the disk with them', async (t) => {
  const { lines, clock, deviations } = recorder()
  for (let i = 0; i < 20_000; i++) deviations.note('noisy', `note ${i}`)
  deviations.note('other', 'its own')
  clock.now = 10_000
  deviations.note('noisy', 'again')
  t.strictSame(lines, [
    ...Array.from({ length: 10 }, (_, i) => ({ peer: 'noisy', note: `note ${i}` })),
    { peer: 'other', note: 'its own' },
    { peer: 'noisy', untold: 19_990 },
    { peer: 'noisy', note: 'again' },
  ])
})

t.test('a peer that was removed leaves nothing behind', async (t) => {
  const { lines, deviations } = recorder()
  for (let i = 0; i < 11; i++) deviations.note('peer', 'old')
  deviations.forget('peer')
  deviations.note('peer', 'new')
  t.strictSame(lines.at(-1), { peer: 'peer', note: 'new' })
})
