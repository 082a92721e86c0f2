import fc from 'fast-check'
import t from 'tap'
import { CliFailure } from './failure.ts'
import { labelFilter } from './label-filter.ts'

const web = { app: 'web', 'team.example.org/name': 'blue', empty: '' }
const table: [text: string, holds: boolean][] = [
  ['app=web', true],
  ['app==web', true],
  ['app = web', true],
  ['app=db', false],
  ['app!=db', true],
  ['app!=web', false],
  ['tier!=front', true],
  ['tier=front', false],
  ['team.example.org/name=blue', true],
  ['app', true],
  ['tier', false],
  ['!tier', true],
  ['!app', false],
  ['empty=', true],
  ['tier=', false],
  ['constructor', false],
  ['app=web,!tier,empty', true],
  ['app=web, tier', false],
]
for (const [text, holds] of table)
  t.test(`-l "${text}" ${holds ? 'holds' : 'does not hold'}`, async (t) => t.equal(labelFilter(text)(web), holds))

for (const text of ['', ',', 'app=web,', 'app in (a, b)', 'a=b=c', '=x', '-x', 'app>3'])
  t.test(`-l "${text}" is a usage mistake`, async (t) =>
    t.throws(() => labelFilter(text), {
      exitCode: 2,
      message: `-l ${text} is not understood: join KEY=VALUE, KEY!=VALUE, KEY and !KEY with commas`,
    }),
  )

t.test('never anything but a filter or a usage mistake; each requirement narrows', async () => {
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (text, labels) => {
      try {
        return typeof labelFilter(text)(labels) === 'boolean'
      } catch (error) {
        return error instanceof CliFailure && error.exitCode === 2
      }
    }),
  )
  const part = fc.constantFrom('app=web', 'app!=db', 'tier', '!tier', 'empty=')
  fc.assert(fc.property(part, part, (a, b) => labelFilter(`${a},${b}`)(web) === (labelFilter(a)(web) && labelFilter(b)(web))))
})
