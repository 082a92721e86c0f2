import t from 'tap'
import { SharedTexts } from './shared-texts.ts'

t.test('a text comes back as itself, however many others are known', async (t) => {
  const shared = new SharedTexts()
  const texts = Array.from({ length: 5_000 }, (_, n) => `text-${n}`)
  t.strictSame(
    texts.map((text) => shared.one(text)),
    texts,
  )
  t.strictSame(
    texts.map((text) => shared.one(`${text}`)),
    texts,
  )
})
