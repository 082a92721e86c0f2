/** What runs in the thread of src/http/body-reader.ts: reads the bodies it is given and says what is in each. */
import { parentPort } from 'node:worker_threads'
import type { CheckContext } from '../model/kind.ts'
import type { LineOf } from '../model/parsed-document.ts'
import { type Body, type BodyRead, type Contents, readBody } from './read-body.ts'

export type ThreadTask = { readonly as: keyof Contents; readonly body: Body; readonly context: CheckContext }

/** An item without its `lineOf`, which cannot leave the thread: the lines that may still be asked for stand in its place. */
export type Sent<Item> = Omit<Item, 'lineOf'> & { readonly lines: Readonly<Record<string, number>> }

/** What checks against the store may find wrong in an item that is right by itself. */
const checkedLater = ['metadata.name', 'metadata.resourceVersion', 'spec.tier']

function sent<Item extends { readonly lineOf: LineOf }>({ lineOf, ...item }: Item): Sent<Item> {
  return { ...item, lines: Object.fromEntries(checkedLater.flatMap((path) => [[path, lineOf(path)]])) } as Sent<Item>
}

parentPort?.on('message', ({ as, body, context }: ThreadTask) => {
  const read = readBody(as, body, context)
  const answer: BodyRead<Sent<Contents[typeof as]>> = read.items === undefined ? read : { items: read.items.map(sent) }
  parentPort?.postMessage(answer)
})
