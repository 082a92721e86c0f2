import Type from 'typebox'
import { defineKind } from './kind.ts'
import { name } from './scalars.ts'
import { closedObject } from './schema-check.ts'

/** Resource reference §6.14: asks a node for its status; /v1/status and /v1/bgp/peers give it unasked. */
export const calicoNodeStatus = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'CalicoNodeStatus',
  plural: 'caliconodestatuses',
  namespaced: false,
  spec: closedObject({
    node: name,
    classes: Type.Array(Type.Enum(['Agent', 'BGP', 'Routes']), { uniqueItems: true }),
    updatePeriodSeconds: Type.Integer({ minimum: 0, maximum: 86_400 }),
  }),
})
