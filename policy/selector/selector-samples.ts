import fc from 'fast-check'
import { type Selector, sortedValues } from './selector.ts'

const comparisons = ['equal', 'not-equal', 'contains', 'starts-with', 'ends-with'] as const

/** Trees as `parseSelector` makes them: no group of one, no double negation. For property tests. */
export function selectorTrees(): fc.Arbitrary<Selector> {
  return fc.letrec<{ tree: Selector; leaf: Selector }>((tie) => ({
    leaf: leaves(),
    tree: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('leaf'), negations(tie('tree')), groups(tie('tree'))),
  })).tree
}

/** Objects over the few labels and values the trees use, so that matches are common. */
export function labelMaps(): fc.Arbitrary<ReadonlyMap<string, string>> {
  return fc.array(fc.tuple(labels(), values()), { maxLength: 5 }).map((entries) => new Map(entries))
}

function labels(): fc.Arbitrary<string> {
  return fc.constantFrom('a', 'b', 'in', 'not', 'has', 'k8s.io/name', '__proto__')
}

function values(): fc.Arbitrary<string> {
  return fc.constantFrom('', 'x', 'xy', 'y', "it's", 'say "x"', 'ü', '😀')
}

function leaves(): fc.Arbitrary<Selector> {
  return fc.oneof(
    fc.constantFrom<Selector>({ type: 'all' }, { type: 'global' }),
    labels().map((label): Selector => ({ type: 'has', label })),
    fc.tuple(fc.constantFrom(...comparisons), labels(), values()).map(([type, label, value]): Selector => ({ type, label, value })),
    fc
      .tuple(fc.constantFrom('in' as const, 'not-in' as const), labels(), fc.array(values(), { maxLength: 4 }))
      .map(([type, label, members]): Selector => ({ type, label, values: sortedValues(members) })),
  )
}

function negations(tree: fc.Arbitrary<Selector>): fc.Arbitrary<Selector> {
  return tree.map((operand) => (operand.type === 'not' ? operand.operand : { type: 'not', operand }))
}

function groups(tree: fc.Arbitrary<Selector>): fc.Arbitrary<Selector> {
  return fc
    .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tree, { minLength: 2, maxLength: 3 }))
    .map(([type, operands]): Selector => ({ type, operands }))
}
