import type { ObjectStatus, TableReport } from './kernel.ts'

/** Something an operator should know, for `/v1/status`. */
export type Problem = { readonly severity: 'warning' | 'error'; readonly subject: string; readonly message: string }

export function mergeReports(reports: readonly TableReport[]): TableReport {
  const unprogrammed = new Map<string, ObjectStatus>()
  for (const report of reports) for (const [key, status] of report.unprogrammed) unprogrammed.set(key, status)
  return {
    changed: reports.reduce((sum, { changed }) => sum + changed, 0),
    repaired: reports.reduce((sum, { repaired }) => sum + repaired, 0),
    unprogrammed,
  }
}

/** What an operator reads of one object: the resource it is made of, where there is one, and why it is not programmed. */
export function told(
  key: string,
  status: Exclude<ObjectStatus, { state: 'programmed' }>,
): { readonly subject: string; readonly reason: string } {
  const { reason } = status
  const [owner, closed] = status.state === 'failed' ? [status.owner, status.closed] : []
  const shut = closed === true && key.startsWith('chain ') ? '; until it is programmed, what comes to it is dropped' : ''
  return owner === undefined ? { subject: key, reason: reason + shut } : { subject: owner, reason: `${key}: ${reason}${shut}` }
}

/** So many problems are told; a kernel that refuses everything must not make a status of a megabyte. */
const MOST_PROBLEMS = 100

/** One problem for each distinct reason, however many objects share it, or for each resource: what failed is an error, what waits a warning. */
export function problemsOf(unprogrammed: ReadonlyMap<string, ObjectStatus>): Problem[] {
  const found = new Map<string, { severity: Problem['severity']; subjects: Set<string>; message: string }>()
  for (const [key, status] of unprogrammed) {
    if (status.state === 'programmed') continue
    const { subject, reason } = told(key, status)
    const owner = status.state === 'failed' ? status.owner : undefined
    const group = `${status.state} ${owner ?? reason}`
    const severity = status.state === 'failed' ? 'error' : 'warning'
    const problem = found.get(group) ?? { severity, subjects: new Set(), message: reason }
    problem.subjects.add(subject)
    found.set(group, problem)
  }
  const problems = [...found.values()].map(({ severity, subjects, message }): Problem => {
    const [first = '', ...others] = subjects
    return { severity, subject: others.length === 0 ? first : `${first} and ${others.length} more`, message }
  })
  const more = problems.length - MOST_PROBLEMS
  return more <= 0
    ? problems
    : [...problems.slice(0, MOST_PROBLEMS), { severity: 'error', subject: 'kernel', message: `${more} more problems like these` }]
}
