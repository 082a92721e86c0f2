import t from 'tap'
import { holdBack } from './held-members.ts'
import type { MemberChange, SetChange } from './ip-set-text.ts'

function change(name: string, ...texts: readonly string[]): SetChange {
  const members = texts.map((text): MemberChange => ({ verb: text.startsWith('+') ? 'add' : 'del', member: text.slice(1) }))
  return { name, members, commands: members.map(({ verb, member }) => `${verb} ${name} ${member}`) }
}
const made: SetChange = { name: 'denied-new', commands: ['create denied-new hash:ip', 'add denied-new 1.1.1.1'] }

const table: readonly (readonly [title: string, changes: readonly SetChange[], now: readonly SetChange[], held: readonly string[]])[] = [
  [
    'who comes is denied at once, who goes is denied a little longer',
    [change('denied', '+1', '+2', '-3')],
    [change('denied', '+1', '+2')],
    ['denied'],
  ],
  ['where members only go, nothing is written yet', [change('denied', '-3')], [], ['denied']],
  ['where they only come, all is', [change('denied', '+1')], [change('denied', '+1')], []],
  ['a set without room for those who come is written as it has to be', [change('denied', '-3', '+1')], [change('denied', '-3', '+1')], []],
  [
    'of a set that lets pass, who goes is let pass no more, and who comes waits',
    [change('allowed', '+1', '-2'), change('allowed-full', '-2', '+1')],
    [change('allowed', '-2'), change('allowed-full', '-2')],
    ['allowed', 'allowed-full'],
  ],
  ['where members only come to it, nothing is written yet', [change('allowed', '+1')], [], ['allowed']],
  ['where they only go from it, all is', [change('allowed', '-1')], [change('allowed', '-1')], []],
  ['a set that is made is no change of members', [made], [made], []],
]
for (const [title, changes, now, held] of table) {
  t.test(title, async (t) => {
    t.strictSame(
      holdBack(changes, (name) => name.startsWith('denied')),
      { now, held: new Set(held) },
    )
  })
}
