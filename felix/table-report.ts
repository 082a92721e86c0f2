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

/** One problem for each distinct reason, however many objects share it: what failed is an error, what waits a warning. */
export function problemsOf(unprogrammed: ReadonlyMap<string, ObjectStatus>): Problem[] {
  const found = new Map<string, { severity: Problem['severity']; subjects: string[]; message: string }>()
  for (const [subject, status] of unprogrammed) {
    if (status.state === 'programmed') continue
    const key = `${status.state} ${status.reason}`
    const severity = status.state === 'failed' ? 'error' : 'warning'
    const problem = found.get(key) ?? { severity, subjects: [], message: status.reason }
    problem.subjects.push(subject)
    found.set(key, problem)
  }
  return [...found.values()].map(({ severity, subjects, message }) => {
    const [first = '', ...others] = subjects
    return { severity, subject: others.length === 0 ? first : `${first} and ${others.length} more`, message }
  })
}
