import t from 'tap'
import { refOf } from './resource.ts'

const table: [title: string, apiVersion: string, namespace: string | undefined, group: string][] = [
  ['the group is what stands before the version', 'projectcalico.org/v3', 'shop', 'projectcalico.org'],
  ['a resource in no namespace has the namespace ""', 'projectcalico.org/v3', undefined, 'projectcalico.org'],
  ['v1 is the core group ""', 'v1', 'shop', ''],
]
for (const [title, apiVersion, namespace, group] of table)
  t.test(title, async (t) => {
    const metadata = { name: 'a', ...(namespace !== undefined && { namespace }) }
    t.strictSame(refOf({ apiVersion, kind: 'Sample', metadata, spec: {} }), {
      group,
      kind: 'Sample',
      namespace: namespace ?? '',
      name: 'a',
    })
  })
