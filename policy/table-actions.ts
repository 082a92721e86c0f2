/** What denying comes to in each table: outside of filter no packet is answered, and no copy is made for the flow log. */
import type { Action, TableName } from '../felix/kernel.ts'
import type { RuleAction } from '../src/model/rule-shape.ts'

/** @param denied how a rule denies in the filter table: silently, with an answer, or by way of a copy @returns how it does here */
export function deniedIn(table: TableName, denied: Action): Action {
  return table === 'filter' ? denied : { type: 'drop' }
}

/** What a rule does in a table, in the user's words: one that rejects only denies where nobody is answered. */
export function actionIn(table: TableName, action: RuleAction): RuleAction {
  return action === 'Reject' && table !== 'filter' ? 'Deny' : action
}
