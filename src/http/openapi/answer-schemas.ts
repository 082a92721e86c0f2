/** What the API answers, as JSON Schema: the names that the endpoints' descriptions use. Clients may meet members that are new. */
import Type, { type TSchema } from 'typebox'

const count = Type.Integer({ minimum: 0 })
const counts = Type.Record(Type.String(), count)
const text = Type.String()
const texts = Type.Array(text)
const time = Type.String({ description: 'ISO 8601' })

const objectStatus = Type.Object({
  state: Type.Enum(['programmed', 'pending', 'failed']),
  reason: Type.Optional(text),
})

const unprogrammed = Type.Array(Type.Object({ subject: text, state: Type.Enum(['pending', 'failed']), reason: text }))

const problem = Type.Object({
  path: Type.String({ description: 'Where the mistake is: "spec.ingress[0].source.nets[1]", "query.limit"; "" for the whole' }),
  reason: text,
  value: Type.Optional(Type.Unknown()),
  document: Type.Optional(Type.Integer({ minimum: 0, description: '0-based index of the YAML document or list item' })),
  line: Type.Optional(Type.Integer({ minimum: 1 })),
})

const family = Type.Object({
  received: count,
  accepted: count,
  best: Type.Optional(count),
  advertised: count,
  stale: count,
  staleState: Type.Optional(
    Type.Enum(['awaited', 'returned', 'long-lived', 'refreshing'], {
      description:
        'Why routes are stale. awaited: the peer restarts and is not back; returned: it is, and has not said End-of-RIB (RFC 4724); long-lived: it is away for long (RFC 9494); refreshing: it tells all again (RFC 7313)',
    }),
  ),
  staleLeftSec: Type.Optional(Type.Integer({ minimum: 0, description: 'Seconds until stale routes go, or become long-lived' })),
  endOfRibAwaited: Type.Optional(
    Type.Literal(true, { description: 'This node restarted, and its first decision waits for End-of-RIB of this peer (RFC 4724)' }),
  ),
})

const messagesByType = Type.Object({ open: count, update: count, notification: count, keepalive: count, routeRefresh: count })

const bfdState = Type.Enum(['AdminDown', 'Down', 'Init', 'Up'], { description: 'RFC 5880 §4.1' })
const bfdDiagnostic = Type.String({ description: 'Its RFC 5880 name' })

const bfd = Type.Object(
  {
    state: bfdState,
    since: time,
    multihop: Type.Boolean({ description: 'RFC 5883; otherwise RFC 5881' }),
    diagnostic: bfdDiagnostic,
    discriminator: count,
    intervalMs: Type.Number({ description: 'Agreed on between our packets, before jitter' }),
    detectionTimeMs: Type.Number({ description: 'So long without a packet of the peer and it is down; 0 while it is not heard' }),
    remote: Type.Optional(
      Type.Object(
        {
          state: bfdState,
          diagnostic: bfdDiagnostic,
          discriminator: count,
          minTxMs: Type.Number(),
          minRxMs: Type.Number(),
          multiplier: count,
          demand: Type.Boolean(),
          controlPlaneIndependent: Type.Boolean(),
        },
        { description: 'What the peer says; absent while it is not heard' },
      ),
    ),
    ups: count,
    downs: count,
    problem: Type.Optional(Type.String({ description: 'What keeps it from working' })),
  },
  { description: 'BFD beside the session (RFC 5882); absent: none' },
)

const peer = Type.Object({
  name: text,
  address: text,
  asNumber: count,
  state: Type.Enum(['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'], { description: 'RFC 4271 §8.2.2' }),
  since: time,
  remoteRouterId: Type.Optional(text),
  uptimeSec: Type.Optional(Type.Integer({ minimum: 0, description: 'Since the session came up; absent while it is not Established' })),
  capabilities: Type.Optional(Type.Array(text, { description: "All the peer announced, by IANA's names" })),
  negotiated: Type.Optional(Type.Array(text, { description: 'What both ends announced, and the session works by' })),
  families: Type.Record(Type.String(), family),
  timers: Type.Object(
    {
      holdTimeSec: Type.Number(),
      keepaliveSec: Type.Number(),
      connectRetrySec: Type.Number(),
      configuredHoldTimeSec: Type.Optional(Type.Number()),
      connectRetryRemainingSec: Type.Optional(Type.Number()),
      idleHoldRemainingSec: Type.Optional(Type.Number()),
      holdRemainingSec: Type.Optional(Type.Number()),
      keepaliveRemainingSec: Type.Optional(Type.Number()),
    },
    { description: 'Hold time and keepalive as agreed on, before that as configured; what is left of each timer that runs' },
  ),
  messages: Type.Object({
    sent: count,
    received: count,
    updatesSent: count,
    updatesReceived: count,
    sentByType: Type.Optional(messagesByType),
    receivedByType: Type.Optional(messagesByType),
    handlingSec: Type.Optional(Type.Number({ description: 'Time taken to handle what the peer sent' })),
  }),
  lastError: Type.Optional(
    Type.Object({
      name: Type.String({ description: 'Its RFC name' }),
      code: Type.Optional(count),
      subcode: Type.Optional(count),
      direction: Type.Enum(['sent', 'received', 'local']),
      at: time,
      message: Type.Optional(text),
    }),
  ),
  flaps: count,
  bfd: Type.Optional(bfd),
})

const path = Type.Object({
  peer: Type.String({ description: '"local" for what this node originates' }),
  nextHop: text,
  origin: Type.Enum(['igp', 'egp', 'incomplete']),
  asPath: text,
  med: Type.Optional(count),
  localPref: Type.Optional(count),
  communities: Type.Optional(texts),
  largeCommunities: Type.Optional(texts),
  originatorId: Type.Optional(text),
  clusterList: Type.Optional(texts),
  unknownAttributes: Type.Optional(Type.Array(Type.Object({ type: count, flags: count, hex: text }))),
  stale: Type.Optional(Type.Boolean()),
  best: Type.Optional(Type.Boolean()),
  pathId: Type.Optional(count),
  multipath: Type.Optional(Type.Boolean({ description: 'Shares the traffic with the best path (ECMP)' })),
  unused: Type.Optional(Type.String({ description: 'Why it takes no part in the decision: import policy, a loop, its next hop' })),
  lostAt: Type.Optional(Type.String({ description: 'With table=best: the step of RFC 4271 §9.1.2 at which it was left behind' })),
})

const drain = Type.Object({ state: Type.Enum(['none', 'announced', 'withdrawn']), since: Type.Optional(time) })

const end = Type.Object({
  asked: text,
  address: text,
  endpoint: Type.Optional(
    Type.Object({
      namespace: text,
      name: text,
      node: text,
      local: Type.Boolean({ description: 'Enforced on this node' }),
    }),
  ),
  networkSets: Type.Array(text, { description: 'Network sets that have the address: "GlobalNetworkSet office"' }),
})

const step = Type.Object({
  direction: Type.Enum(['egress', 'ingress'], { description: "The sender's egress, then the receiver's ingress" }),
  subject: Type.String({ description: '"NetworkPolicy shop/web", "Tier default", "Profile kns.shop", "WorkloadEndpoint shop/web-1"' }),
  tier: Type.Optional(Type.String({ description: 'Of the policy' })),
  rule: Type.Optional(Type.Integer({ minimum: 0, description: '0-based in the list of the direction; absent: the whole subject' })),
  outcome: Type.Enum(['Allow', 'Deny', 'Reject', 'Pass', 'Log', 'no match']),
  mismatch: Type.Optional(Type.String({ description: 'The first condition of the rule that did not hold: "source.selector"' })),
})

const flowChange = Type.Object({
  from: Type.Array(text, { description: '"shop/web-1", "GlobalNetworkSet office", "192.0.2.0/24"' }),
  to: Type.Array(text),
  traffic: Type.Array(text, { description: '"tcp/80", "tcp/8000:8010", "any other tcp port", "ping", "any traffic"' }),
  before: Type.Enum(['Allow', 'Deny']),
  after: Type.Enum(['Allow', 'Deny']),
  by: Type.String({ description: 'What decides afterwards: "NetworkPolicy shop/db ingress rule 2"' }),
  flows: Type.Integer({ description: 'How many of those compared' }),
})

const flowsChanged = Type.Object(
  {
    changes: Type.Array(flowChange, { description: 'Between known endpoints, network sets and nets of the rules' }),
    recent: Type.Array(flowChange, { description: 'Of the flows seen lately' }),
    concerned: Type.Integer({ description: 'Endpoints and network sets that the change may concern' }),
    hostEndpoints: Type.Array(text, {
      description: 'HostEndpoints of this node that the change concerns, whose flows are not compared: their interfaces have no address',
    }),
    checked: Type.Integer({ description: 'Flows compared' }),
    truncated: Type.Boolean({
      description: 'Some were left out: at most 400 ends of each side, 100000 flows, 2000 of those seen lately, 2 s',
    }),
  },
  {
    description:
      'With dryRun: flows that would be allowed or denied and are not now; absent where no policy changes and there was nothing to compare',
  },
)

const endVerdict = Type.Object(
  {
    direction: Type.Enum(['egress', 'ingress']),
    endpoint: Type.Object({ namespace: Type.Optional(text), name: text, node: Type.Optional(text) }),
    local: Type.Boolean({ description: 'Enforced on this node; otherwise by the other one, by what that has stored' }),
    reached: Type.Boolean({ description: 'false: the sender may not send it, so this end is not asked' }),
    verdict: Type.Enum(['Allow', 'Deny']),
    steps: Type.Array(step, { description: 'What this end looks at, or would' }),
    transit: Type.Optional(Type.Literal(true, { description: 'The host endpoint of an interface that the flow only passes through' })),
    pending: Type.Optional(
      Type.Object(
        { verdict: Type.Enum(['Allow', 'Deny']), steps: Type.Array(step) },
        { description: 'What it would say were the staged policies enforced; absent where none concerns it' },
      ),
    ),
  },
  {
    description:
      "What one end says: the sender's egress or the receiver's ingress, or the host endpoint of an interface that it passes through",
  },
)

const ruleCounter = Type.Object({
  packets: count,
  octets: count,
  rule: Type.Optional(Type.Integer({ minimum: 0, description: 'Which rule of the policy it is a part of' })),
})

const flowEnd = Type.Object({
  address: text,
  namespace: Type.Optional(text),
  name: Type.Optional(Type.String({ description: 'Of the endpoint' })),
})

const decision = Type.Object({
  direction: Type.Enum(['egress', 'ingress']),
  subject: Type.String({ description: '"NetworkPolicy shop/web", "Tier default", "Profile kns.shop"' }),
  rule: Type.Optional(Type.Integer({ minimum: 0, description: '0-based in the list of the direction; absent: the whole subject' })),
  outcome: text,
})

const flow = Type.Object({
  verdict: Type.Enum(['allowed', 'denied']),
  answered: Type.Optional(Type.Literal(true, { description: 'Denied, and the sender was told' })),
  reason: Type.Optional(
    Type.Enum(['spoofed source', 'invalid', 'unknown interface'], {
      description: 'Dropped without asking any policy; absent: policy decided',
    }),
  ),
  from: flowEnd,
  to: flowEnd,
  protocol: Type.Union([text, count]),
  port: Type.Optional(Type.Integer({ minimum: 0, description: 'Destination port' })),
  icmpType: Type.Optional(count),
  icmpCode: Type.Optional(count),
  policy: Type.Optional(Type.String({ description: 'Subject of the last of the decisions' })),
  rule: Type.Optional(count),
  decisions: Type.Array(decision, { description: 'Who decided, for each end on this node; empty as long as nobody had the time to ask' }),
  pending: Type.Optional(Type.Array(decision, { description: 'Who would have, were the staged policies enforced' })),
  differs: Type.Optional(Type.Literal(true, { description: 'The kernel decided otherwise than the policies say' })),
  count: Type.Integer({ minimum: 1, description: 'Connections seen that differ in their source ports at most' }),
  firstSeen: time,
  lastSeen: time,
  inInterface: Type.Optional(text),
  outInterface: Type.Optional(text),
})

/** By name, as the descriptions of the endpoints use them. */
export const answerSchemas = {
  problem: Type.Object(
    {
      type: Type.String({ examples: ['urn:tortie:problem:not-valid'] }),
      title: text,
      status: count,
      detail: text,
      errors: Type.Optional(Type.Array(problem, { description: 'Every mistake at once' })),
    },
    { description: 'RFC 9457 problem details' },
  ),
  changed: Type.Object({
    revision: count,
    results: Type.Array(
      Type.Object({
        apiVersion: text,
        kind: text,
        namespace: Type.Optional(text),
        name: text,
        result: Type.Enum(['created', 'configured', 'unchanged', 'deleted', 'not found']),
      }),
    ),
    unprogrammed: Type.Optional(unprogrammed),
    flows: Type.Optional(flowsChanged),
  }),
  status: Type.Object({
    node: text,
    version: text,
    uptimeSec: count,
    inSync: Type.Boolean(),
    revision: count,
    programmedRevision: count,
    problems: Type.Array(Type.Object({ severity: Type.Enum(['warning', 'error']), subject: text, message: text })),
    bgp: Type.Object({ asNumber: count, routerId: text, peers: count, established: count }),
    drain: Type.Optional(drain),
    routes: counts,
    policy: counts,
    repairs: Type.Optional(
      Type.Object(
        { total: count, last: Type.Array(Type.Object({ object: text, times: count, lastAt: text }), { description: 'The newest first' }) },
        { description: 'Chains, jumps and IP sets that somebody else had changed and that were put right' },
      ),
    ),
    iptables: Type.Optional(Type.Object({ backend: Type.Enum(['nft', 'legacy', 'nftables']), reason: text })),
    unprogrammed: Type.Optional(unprogrammed),
  }),
  peer,
  peers: Type.Object({ peers: Type.Array(peer) }),
  'bgp-routes': Type.Object({
    routes: Type.Array(
      Type.Object({
        prefix: text,
        family: text,
        paths: Type.Array(path),
        decidedBy: Type.Optional(Type.String({ description: 'With table=best: the step of RFC 4271 §9.1.2 that chose' })),
      }),
    ),
    total: count,
    cursor: Type.Optional(text),
  }),
  'bgp-explanation': Type.Object({
    prefix: text,
    family: text,
    paths: Type.Array(path, { description: 'The best one first' }),
    decidedBy: Type.Optional(text),
    coveredBy: Type.Optional(Type.String({ description: 'Where there is no such route: the longest one around it' })),
    peers: Type.Array(
      Type.Object({
        peer: text,
        advertised: Type.Boolean(),
        reason: Type.Optional(Type.String({ description: 'Why it is not: "filter tor, rule 2", "NO_EXPORT (RFC 1997)"' })),
        paths: Type.Optional(Type.Array(path, { description: 'As they are sent' })),
      }),
    ),
  }),
  'bgp-peer-asked': Type.Object({ peer: text, state: Type.String({ description: 'Of its session, when it was asked for' }) }),
  'felix-page': Type.Object({
    items: Type.Array(
      Type.Object({
        name: text,
        wanted: Type.Optional(Type.Unknown()),
        programmed: Type.Optional(Type.Unknown()),
        status: objectStatus,
        policy: Type.Optional(Type.String({ description: 'What a chain is made of: "NetworkPolicy shop/web"' })),
        direction: Type.Optional(text),
        counters: Type.Optional(Type.Array(ruleCounter, { description: 'Of the rules of a chain, in order; some seconds old at most' })),
      }),
    ),
    total: count,
    cursor: Type.Optional(text),
  }),
  explanation: Type.Object({
    verdict: Type.Enum(['Allow', 'Deny']),
    reason: Type.String({ description: 'What decided, as a sentence' }),
    revision: count,
    flow: Type.Object({
      source: text,
      destination: text,
      protocol: Type.Union([text, count]),
      sourcePort: Type.Optional(count),
      destinationPort: Type.Optional(count),
      icmpType: Type.Optional(count),
      icmpCode: Type.Optional(count),
    }),
    from: end,
    to: end,
    steps: Type.Array(step, { description: 'All that the packet meets, in order' }),
    ends: Type.Array(endVerdict),
    unclear: Type.Optional(
      Type.Array(Type.Object({ address: text, interfaces: Type.Array(text), hosts: Type.Array(text) }), {
        description: 'Of which address it is not known by which interface it is reached, and so which HostEndpoint is asked',
      }),
    ),
  }),
  flows: Type.Object({ flows: Type.Array(flow), total: count, cursor: Type.Optional(text) }),
  drain,
  events: Type.Object({
    events: Type.Array(Type.Object({ time, level: text, message: text, fields: Type.Record(Type.String(), Type.Unknown()) })),
  }),
  state: Type.Object({ status: text }),
} as const satisfies Readonly<Record<string, TSchema>>
