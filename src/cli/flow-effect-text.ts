/** What a dry run says of flows, for people; pure. */
import { plain } from './table.ts'

type Verdict = 'Allow' | 'Deny'

type FlowChange = {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly traffic: readonly string[]
  readonly before: Verdict
  readonly after: Verdict
  readonly by: string
}

/** As the API answers it. */
export type FlowEffect = {
  readonly changes: readonly FlowChange[]
  readonly recent: readonly FlowChange[]
  readonly concerned: number
  readonly checked: number
  readonly hostEndpoints: readonly string[]
  readonly truncated: boolean
}

/** So many names of one list are shown, and so many lines. */
const mostNames = 5
const mostLines = 50

/** After an empty line: "shop/web-1 -> shop/db-0 tcp/5432: allowed -> denied by NetworkPolicy shop/x ingress rule 2". */
export function flowLines({ changes, recent, concerned, checked, hostEndpoints, truncated }: FlowEffect): readonly string[] {
  const hosts =
    hostEndpoints.length === 0
      ? []
      : [plain(`Not compared: flows by HostEndpoint ${listed(hostEndpoints)}, whose interface has no address.`)]
  const left = [...hosts, ...(truncated ? ['Not all flows were compared: there are too many.'] : [])]
  const seen = recent.length === 0 ? [] : ['Flows seen lately that would change:', ...changeLines(recent)]
  if (changes.length === 0) {
    const why = concerned === 0 ? 'no known endpoint is concerned' : `${checked} compared`
    return ['', `No flow between known endpoints would change: ${why}.`, ...seen, ...left]
  }
  return ['', `Flows that would change, of ${checked} compared:`, ...changeLines(changes), ...seen, ...left]
}

function changeLines(changes: readonly FlowChange[]): readonly string[] {
  const lines = changes
    .slice(0, mostLines)
    .map(({ from, to, traffic, before, after, by }) =>
      plain(`  ${listed(from)} -> ${listed(to)} ${listed(traffic)}: ${past(before)} -> ${past(after)} by ${by}`),
    )
  const more = changes.length - lines.length
  return more > 0 ? [...lines, `  and ${more} more: see -o json`] : lines
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNames
  return more > 0 ? `${names.slice(0, mostNames).join(', ')} and ${more} more` : names.join(', ')
}

function past(verdict: Verdict): string {
  return verdict === 'Allow' ? 'allowed' : 'denied'
}
