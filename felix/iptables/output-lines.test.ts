import fc from 'fast-check'
import t from 'tap'
import { OutputLines } from './output-lines.ts'

/** The text in parts that end at `cuts`. */
function partsOf(text: string, cuts: readonly number[]): string[] {
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b)
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
}

t.test('lines are the same wherever the parts of the output end; what is behind the last end of a line is none', async (t) => {
  const text = fc.array(fc.constantFrom('a', '-A tort-x', '\n', '\n\n', ':', ' '), { maxLength: 40 }).map((words) => words.join(''))
  fc.assert(
    fc.property(text, fc.array(fc.nat()), (output, cuts) => {
      const lines: string[] = []
      const reader = new OutputLines((line) => lines.push(line))
      for (const part of partsOf(output, cuts)) reader.take(part)
      t.strictSame(lines, output.split('\n').slice(0, -1))
    }),
  )
})
