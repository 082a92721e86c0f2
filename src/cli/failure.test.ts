import t from 'tap'
import { misused, refused } from './failure.ts'

const table: [title: string, given: string, shown: string][] = [
  ['lines become one', 'not valid:\n  the first\n\n  the second', 'not valid: the first the second'],
  ['what would control the terminal does not', 'there is no Tier \u001b[2J\u009b31mx\r', 'there is no Tier ?[2J?31mx?'],
  ['other alphabets stay', 'there is no Tier Zürich 東京', 'there is no Tier Zürich 東京'],
]
for (const [title, given, shown] of table)
  t.test(title, async (t) => t.strictSame([refused(given).message, misused(given).message], [shown, shown]))

t.test('refused is 1, misused 2', async (t) => t.strictSame([refused('x').exitCode, misused('x').exitCode], [1, 2]))
