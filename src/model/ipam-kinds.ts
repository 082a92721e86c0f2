/** What says how addresses are given out (resource reference §6.14). */
import Type from 'typebox'
import { defineKind } from './kind.ts'
import type { NameRule } from './metadata.ts'
import { cidr } from './scalars.ts'
import { closedObject } from './schema-check.ts'
import { word } from './word.ts'

const onlyDefault: NameRule = { matches: (name) => name === 'default', expected: 'default: there is only one' }

export const ipamConfiguration = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'IPAMConfiguration',
  plural: 'ipamconfigurations',
  namespaced: false,
  spec: closedObject({
    strictAffinity: Type.Optional(Type.Boolean()),
    maxBlocksPerHost: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    autoAllocateBlocks: Type.Optional(Type.Boolean()),
    ipCooldownSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_200 })),
    kubeVirtVMAddressPersistence: Type.Optional(word('Enabled', 'Disabled')),
  }),
  name: onlyDefault,
})

/** Never given out unasked; several are merged. */
export const ipReservation = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'IPReservation',
  plural: 'ipreservations',
  namespaced: false,
  spec: closedObject({ reservedCIDRs: Type.Optional(Type.Array(cidr)) }),
})
