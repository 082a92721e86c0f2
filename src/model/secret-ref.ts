import Type from 'typebox'
import { name } from './scalars.ts'
import { closedObject } from './schema-check.ts'

/** A password by the Kubernetes secret that holds it. */
export const secretRef = closedObject(
  {
    secretKeyRef: closedObject({
      name,
      key: Type.String({ minLength: 1, maxLength: 253 }),
      optional: Type.Optional(Type.Boolean()),
    }),
  },
  {
    file: 'is not supported: name a secretKeyRef, which is looked up below bgp.secretsPath, or the peer and its passwordFile in the configuration file',
    value: 'is not supported: what is stored can be read again; name a secretKeyRef, which is looked up below bgp.secretsPath',
  },
)
