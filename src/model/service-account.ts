import { defineKind } from './kind.ts'
import { closedObject } from './schema-check.ts'

/** The core ServiceAccount: only its name and labels matter, endpoints inherit them (resource reference §6.1.2). */
export const serviceAccount = defineKind({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
  spec: closedObject({}),
  specIgnored: true,
  ignored: ['secrets', 'imagePullSecrets', 'automountServiceAccountToken'],
})
