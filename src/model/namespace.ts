import { defineKind } from './kind.ts'
import { labelName } from './metadata.ts'
import { closedObject } from './schema-check.ts'

/** The core Namespace: only its name and labels matter, endpoints inherit them (resource reference §6.1.2). */
export const namespace = defineKind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
  spec: closedObject({}),
  specIgnored: true,
  name: labelName,
})
