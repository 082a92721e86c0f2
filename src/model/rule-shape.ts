/** The fields of a rule of policies and profiles, each checked by itself (resource reference §6.1). */
import Type, { type StaticDecode } from 'typebox'
import { actionsOfOthers, kubernetesPeerFieldsHere, kubernetesRuleFieldsHere } from './foreign-fields.ts'
import type { Frozen } from './frozen.ts'
import { name, net, port, protocol, ruleNamespaceSelector, selector } from './scalars.ts'
import { closedObject } from './schema-check.ts'

const httpReason = 'matching of HTTP requests is not supported: without it the rule would match more than is written'

const nets = Type.Array(net, { maxItems: 256, uniqueItems: true })
const ports = Type.Array(port, { maxItems: 50 })
export const entityRule = closedObject(
  {
    nets: Type.Optional(nets),
    notNets: Type.Optional(nets),
    selector: Type.Optional(selector),
    notSelector: Type.Optional(selector),
    namespaceSelector: Type.Optional(ruleNamespaceSelector),
    ports: Type.Optional(ports),
    notPorts: Type.Optional(ports),
    serviceAccounts: Type.Optional(
      closedObject({
        names: Type.Optional(Type.Array(name, { uniqueItems: true })),
        selector: Type.Optional(selector),
      }),
    ),
    services: Type.Optional(closedObject({ name, namespace: Type.Optional(name) }, {}, { name: 'db', namespace: 'shop' })),
  },
  kubernetesPeerFieldsHere,
)

const icmp = closedObject({
  type: Type.Optional(Type.Integer({ minimum: 0, maximum: 254 })),
  code: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
})

/** `Reject` is ours: Deny, but the sender is told. Which of the two Deny is for everybody, FelixConfiguration says. */
export const ruleShape = closedObject(
  {
    action: Type.Enum(['Allow', 'Deny', 'Log', 'Pass', 'Reject'], { meant: actionsOfOthers }),
    ipVersion: Type.Optional(Type.Unsafe<4 | 6>({ enum: [4, 6] })),
    protocol: Type.Optional(protocol),
    notProtocol: Type.Optional(protocol),
    icmp: Type.Optional(icmp),
    notICMP: Type.Optional(icmp),
    source: Type.Optional(entityRule),
    destination: Type.Optional(entityRule),
    metadata: Type.Optional(closedObject({ annotations: Type.Optional(Type.Record(Type.String(), Type.String())) })),
  },
  { ...kubernetesRuleFieldsHere, http: httpReason },
)

export type PortSpec = number | string // 80, "80:90", "http"
export type EntityRule = Frozen<StaticDecode<typeof entityRule>>
export type PolicyRule = Frozen<StaticDecode<typeof ruleShape>>
export type RuleAction = PolicyRule['action']
