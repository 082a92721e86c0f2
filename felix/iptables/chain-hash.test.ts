import fc from 'fast-check'
import t from 'tap'
import type { Rule } from '../kernel.ts'
import { hashHookRules, hashInLine, hashRules, knownBy } from './chain-hash.ts'

const drop: Rule = { match: [], action: { type: 'drop' } }
const accept: Rule = { match: [], action: { type: 'accept' }, comment: 'Open' }

t.test('hashes are 16 characters of base64url and stand in the comment before the human text', async (t) => {
  t.strictSame(hashRules('tort-a', [accept, drop], 4), {
    hashes: ['amlw5lI_wdtmX3Xu', 'G3tW4_pdyxecwZ7z'],
    lines: ['-m comment --comment "tortie:amlw5lI_wdtmX3Xu Open" -j ACCEPT', '-m comment --comment tortie:G3tW4_pdyxecwZ7z -j DROP'],
  })
})

t.test('the comment stands behind what a packet may fail at, which makes it cost nothing there', async (t) => {
  const match: Rule['match'] = [
    { type: 'protocol', protocol: 'tcp' },
    { type: 'mark', value: 0, mask: 3 },
  ]
  const [line = ''] = hashRules('tort-a', [{ ...accept, match }], 4).lines
  t.match(line, /^-p tcp -m mark --mark 0x0\/0x3 -m comment --comment "tortie:[\w-]{16} Open" -j ACCEPT$/)
})

const toNext: Rule = { match: [], action: { type: 'jump', chain: 'tort-next' } }
const ifUndecided: Rule = { ...toNext, match: [{ type: 'mark', value: 0, mask: 0x30000 }] }

t.test('a jump, at most behind a mark, has no comment for packets to pay for: it is known by its text', async (t) => {
  const lines = ['-j tort-next', '-m mark --mark 0x0/0x30000 -j tort-next']
  t.strictSame(hashRules('tort-a', [toNext, ifUndecided], 4), { hashes: lines, lines })
  t.strictSame(lines.map(knownBy), lines)
})

const commented: [title: string, rule: Rule][] = [
  ['a jump with something to say', { ...toNext, comment: 'Why' }],
  ['a jump behind a negated mark', { ...toNext, match: [{ type: 'mark', value: 0, mask: 0x30000, negated: true }] }],
  ['a jump behind a mark without a mask, which is printed in another way', { ...toNext, match: [{ type: 'mark', value: 1, mask: -1 }] }],
  ['a jump behind two matches', { ...toNext, match: [...ifUndecided.match, { type: 'in-interface', name: 'eth0' }] }],
  ['a jump behind an interface', { ...toNext, match: [{ type: 'in-interface', name: 'eth0' }] }],
  ['goto', { match: [], action: { type: 'goto', chain: 'tort-next' } }],
  ['a verdict', drop],
]
for (const [title, rule] of commented) {
  t.test(`${title} is known by the hash in its comment`, async (t) => {
    const {
      hashes,
      lines: [line = ''],
    } = hashRules('tort-a', [rule], 4)
    t.match(hashes[0], /^[\w-]{16}$/)
    t.strictSame([knownBy(line), hashInLine(line)], [hashes[0], hashes[0]])
  })
}

t.test('a jump from a chain of others has its comment: by that it is ours', async (t) => {
  const { hashes, lines } = hashHookRules('FORWARD insert', [toNext, ifUndecided], 4)
  t.strictSame(lines.map(hashInLine), hashes)
})

const strange = [
  '-j DROP',
  '-j tort-next -m comment --comment x',
  '-m comment --comment "see tortie" -j tort-next',
  '-i eth0 -j tort-next',
  '-m mark ! --mark 0x0/0x30000 -j tort-next',
  '-m mark --mark 0x1 -j tort-next',
  '-g tort-next',
  '-j cali-next',
  '',
]
for (const line of strange) {
  t.test(`somebody else's rule in a chain of ours: ${line === '' ? 'one that does nothing' : line}`, async (t) =>
    t.equal(knownBy(line), undefined),
  )
}

t.test('they depend on chain, position, everything before, rule and comment', async (t) => {
  const [first, second] = hashRules('tort-a', [drop, drop], 4).hashes
  t.not(first, second, 'position')
  t.not(hashRules('tort-b', [drop], 4).hashes[0], first, 'chain')
  t.not(hashRules('tort-a', [accept, drop], 4).hashes[1], second, 'what stands before')
  t.not(hashRules('tort-a', [{ ...drop, comment: 'Why' }], 4).hashes[0], first, 'comment')
  t.strictSame(hashRules('tort-a', [drop, drop, accept], 4).hashes.slice(0, 2), [first, second], 'nothing behind')
})

const lines: [title: string, line: string, hash: string | undefined][] = [
  ['alone', '-m comment --comment "tortie:0123456789abcd-_" -j DROP', '0123456789abcd-_'],
  ['before human text, behind a match', '-p udp -m comment --comment "tortie:0123456789abcdef Allow" -j DROP', '0123456789abcdef'],
  ['behind other matches', '-p udp -m mark --mark 0x1/0x1 -m comment --comment "tortie:0123456789abcdef a" -g b', '0123456789abcdef'],
  ['without quotes', '-m comment --comment tortie:0123456789abcdef', '0123456789abcdef'],
  ['too short', '-m comment --comment "tortie:0123456789abcde" -j DROP', undefined],
  ['too long', '-m comment --comment "tortie:0123456789abcdefg" -j DROP', undefined],
  ['not at the beginning of the comment', '-m comment --comment "see tortie:0123456789abcdef" -j DROP', undefined],
  ['the comment of another program', '-m comment --comment "cali:0123456789abcdef" -j DROP', undefined],
  ['no comment', '-j DROP', undefined],
]
for (const [title, line, hash] of lines) t.test(`the hash in a saved line: ${title}`, async (t) => t.equal(hashInLine(line), hash))

t.test('every hash is found again in its line', async (t) => {
  const rules = fc.array(
    fc.record({ match: fc.constant([]), action: fc.constant({ type: 'drop' } as const), comment: fc.string({ unit: 'binary' }) }),
  )
  fc.assert(
    fc.property(fc.string(), rules, (seed, generated) => {
      const { hashes, lines: hashed } = hashRules(seed, generated, 4)
      t.strictSame(hashed.map(hashInLine), hashes)
    }),
    { numRuns: 50 },
  )
})
